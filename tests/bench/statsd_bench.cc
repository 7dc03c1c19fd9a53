// StatsD over loopback: a forked sender at a given rate, our listener here.
// Usage: statsd_bench [lines per second] [lines per datagram] [seconds] [distinct series]
// Prints what was received, what was lost, and the receiver's CPU time per million lines; and the aggregator alone,
// without sockets.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/ingest/statsd/statsd_listener.h"

namespace {

namespace asio = boost::asio;
using asio::ip::udp;
using Clock = std::chrono::steady_clock;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<std::string> MakeDatagrams(int lines, int series) {
  std::vector<std::string> datagrams;
  int n = 0;
  while (n < std::max(series, lines) * 3) {
    std::string datagram;
    for (int i = 0; i < lines; ++i, ++n) {
      const std::string tag = "|#page:p" + std::to_string(n / 3 % series) + ",env:prod\n";
      if (n % 3 == 0) datagram += "app.requests:1|c" + tag;
      if (n % 3 == 1) datagram += "page_load:" + std::to_string(n % 900) + "|ms" + tag;
      if (n % 3 == 2) datagram += "queue.depth:" + std::to_string(n % 50) + "|g" + tag;
    }
    datagrams.push_back(std::move(datagram));
  }
  return datagrams;
}

[[noreturn]] void SendAll(const std::vector<std::string>& datagrams, std::uint16_t port, double per_second,
                          double seconds) {
  asio::io_context io;
  udp::socket socket(io, udp::v4());
  socket.connect({asio::ip::address_v4::loopback(), port});
  const auto start = Clock::now();
  const auto total = static_cast<std::uint64_t>(per_second * seconds);
  std::uint64_t sent = 0;
  while (sent < total) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    const auto due = std::min(total, static_cast<std::uint64_t>(elapsed * per_second) + 1);
    for (; sent < due; ++sent)
      send(socket.native_handle(), datagrams[sent % datagrams.size()].data(), datagrams[sent % datagrams.size()].size(),
           0);
    if (per_second < 20000) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
  const double lines_per_second = argc > 1 ? std::atof(argv[1]) : 500'000;
  const int lines = argc > 2 ? std::atoi(argv[2]) : 20;
  const double seconds = argc > 3 ? std::atof(argv[3]) : 4;
  const int series = argc > 4 ? std::atoi(argv[4]) : 100;
  const auto datagrams = MakeDatagrams(lines, series);

  {
    tickbird::statsd::Aggregator aggregator;
    const double before = CpuSeconds();
    for (std::size_t i = 0; aggregator.stats().lines.value() < 3'000'000; ++i)
      aggregator.AddDatagram(datagrams[i % datagrams.size()]);
    std::printf("aggregator alone: %.3f s of CPU per million lines\n", (CpuSeconds() - before) / 3);
  }

  asio::io_context io;
  tickbird::statsd::Aggregator aggregator;
  tickbird::statsd::UdpListener listener(io.get_executor(), aggregator, {.port = 0});
  if (const auto status = listener.Start(); !status) {
    std::fprintf(stderr, "%s\n", status.error().ToString().c_str());
    return 1;
  }
  const double datagrams_per_second = lines_per_second / lines;
  const auto expected = static_cast<std::uint64_t>(datagrams_per_second * seconds);
  const pid_t sender = fork();
  if (sender == 0) SendAll(datagrams, listener.port(), datagrams_per_second, seconds);
  const double cpu = CpuSeconds();
  const auto start = Clock::now();
  int status = 0;
  while (waitpid(sender, &status, WNOHANG) == 0) io.run_for(std::chrono::milliseconds(50));
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  io.run_for(std::chrono::milliseconds(50));
  const double used = CpuSeconds() - cpu;
  const auto received = listener.stats().datagrams.value();
  const auto received_lines = static_cast<double>(aggregator.stats().lines.value());
  std::printf(
      "%.0f lines/s, %d a datagram: sent %llu datagrams, received %llu, lost %lld (kernel says %llu), %.3f s of CPU "
      "per million lines\n",
      received_lines / wall, lines, static_cast<unsigned long long>(expected),
      static_cast<unsigned long long>(received), static_cast<long long>(expected - received),
      static_cast<unsigned long long>(listener.stats().kernel_drops.value()), used / received_lines * 1e6);
  return 0;
}
