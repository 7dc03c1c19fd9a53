// How fast pages are parsed and written: MB/s and ns per sample, the best of several runs. Usage: exposition_bench
// [page]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "core/exposition/parser.h"
#include "core/exposition/writer.h"

namespace {

using tickbird::exposition::Entry;
using tickbird::exposition::Format;
using tickbird::exposition::Parser;

std::string MakePage(int series) {
  std::string page;
  tickbird::exposition::Writer writer(page, Format::kText);
  writer.Family("http_request_duration_seconds",
                {.type = tickbird::MetricType::kHistogram, .help = "How long requests took."});
  for (int i = 0; i < series; ++i) {
    const tickbird::Labels labels = {{"method", i % 3 == 0 ? "GET" : "POST"},
                                     {"handler", "/api/v1/items/" + std::to_string(i / 12)},
                                     {"code", "200"},
                                     {"le", std::to_string(i % 12)}};
    writer.Sample("http_request_duration_seconds_bucket", labels, i % 5 == 0 ? i * 1.37 : i * 17);
  }
  return page;
}

template <class Work>
double BestSeconds(Work work) {
  double best = 1e9;
  for (int run = 0; run < 15; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  std::string page = MakePage(200'000);
  if (argc > 1) {
    std::ifstream file(argv[1], std::ios::binary);
    page.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::size_t samples = 0;
  const double parse = BestSeconds([&] {
    samples = 0;
    Parser parser(page, Format::kText);
    for (Entry entry = parser.Next(); entry != Entry::kEnd; entry = parser.Next()) {
      if (entry == Entry::kError) {
        std::fprintf(stderr, "%s\n", parser.error().ToString().c_str());
        std::exit(1);
      }
      samples += entry == Entry::kSample;
    }
  });
  const auto bytes = static_cast<double>(page.size());
  std::printf("parse text 0.0.4: %.0f MB/s, %.0f ns a sample (%zu samples, %.1f MB)\n", bytes / parse / 1e6,
              parse * 1e9 / static_cast<double>(samples), samples, bytes / 1e6);
  const double labels = BestSeconds([&] {
    Parser parser(page, Format::kText);
    tickbird::LabelsBuilder builder;
    while (true) {
      const Entry entry = parser.Next();
      if (entry == Entry::kEnd) break;
      if (entry != Entry::kSample) continue;
      builder.Clear();
      if (!ReadLabels(parser.sample(), builder)) std::exit(1);
      (void)builder.Build();
    }
  });
  std::printf("parse and build labels: %.0f MB/s, %.0f ns a sample\n", bytes / labels / 1e6,
              labels * 1e9 / static_cast<double>(samples));
  return 0;
}
