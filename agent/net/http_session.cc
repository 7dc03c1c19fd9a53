#include "agent/net/http_session.h"

#include <algorithm>
#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "agent/net/encoding.h"
#include "agent/net/request_head.h"
#include "agent/net/response_encoder.h"
#include "agent/net/watchdog.h"
#include "core/base/log.h"
#include "core/base/strings.h"

// GCC 12 miscompiles some coroutines: one co_await in a statement, alone on the right-hand side, never in a condition.
namespace tickbird::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using asio::use_awaitable;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kSmallRead = 4 * 1024;
constexpr std::size_t kBodyRead = 64 * 1024;
/// How long, and for how much, a rejected client may go on sending before the connection closes. Closing at once would
/// make the kernel send a reset, which destroys the answer on its way.
constexpr DurationMs kLingerMs = 2 * kSecondMs;
constexpr std::size_t kLingerBytes = 256 * 1024;
constexpr std::size_t kWriteBytesPerSecond = 128 * 1024;
constexpr std::size_t kMaxGather = 16;

std::int64_t SteadyUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}
std::int64_t UnixSeconds() {
  return SystemClock().Now() / kSecondMs;
}

std::string_view View(beast::string_view text) {
  return {text.data(), text.size()};
}

class Session final : public HttpSession, public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<HttpServerCore> core);
  ~Session() override;

  awaitable<void> Run();

  bool is_idle() const override { return is_idle_; }
  std::int64_t idle_since_us() const override { return idle_since_us_; }
  void Finish() override;
  void Cut() override;

 private:
  using Parser = beast::http::request_parser<beast::http::string_body>;
  enum class Read { kRequest, kRejected, kClosed };

  awaitable<void> Serve();
  awaitable<bool> ServeOne();

  // Reading.
  awaitable<Read> ReadRequest();
  awaitable<bool> Fill(std::size_t bytes);
  /// Feeds the parser with what is buffered: done (true), more needed (false), or `rejection_` is set (true).
  bool Parse();
  void TakeHead();
  Rejection RejectionFor(const error_code& error) const;
  bool ExpectsContinue() const {
    return !context_.is_http10 && EqualsIgnoreCase(request_.Header("expect"), "100-continue");
  }

  // Answering.
  awaitable<void> Answer(const Router::Match& match);
  void CallHandler(const Endpoint& endpoint);
  Responder MakeResponder();
  void Encode(HttpResponse response) { ready_ = EncodeResponse(std::move(response), context_, UnixSeconds()); }
  awaitable<void> Reject();
  awaitable<void> Stream(const EventStream& stream, std::string_view pattern);
  awaitable<bool> WriteEvents(Subscriber& subscriber, DurationMs keep_alive);

  // Writing.
  awaitable<bool> WriteReady();
  template <class Buffers>
  awaitable<bool> Write(Buffers buffers);
  awaitable<void> Linger();
  void Count(std::string_view pattern, int status, std::int64_t start_us);

  std::shared_ptr<HttpServerCore> core_;
  TaskGroup::Token token_;
  tcp::socket socket_;
  Watchdog watchdog_;
  asio::steady_timer wake_;  ///< Never armed for its own sake: cancelled to wake the coroutine that waits on it.
  std::string peer_address_;
  bool from_loopback_ = false;

  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  bool head_taken_ = false;
  std::optional<Rejection> rejection_;
  HttpRequest request_;
  ResponseContext context_;

  std::uint64_t request_number_ = 0;
  std::optional<EncodedResponse> ready_;
  bool is_idle_ = true;
  std::int64_t idle_since_us_ = 0;
  bool is_streaming_ = false;
  bool finishing_ = false;
  bool cut_ = false;
};

Session::Session(tcp::socket socket, std::shared_ptr<HttpServerCore> core)
    : core_(std::move(core)),
      token_(core_->tasks.Enter()),
      socket_(std::move(socket)),
      watchdog_(socket_.get_executor(),
                [this] {
                  error_code ignored;
                  socket_.cancel(ignored);
                  wake_.cancel();
                }),
      wake_(socket_.get_executor(), asio::steady_timer::time_point::max()),
      buffer_(core_->limits.max_header_bytes + kBodyRead) {
  idle_since_us_ = SteadyUs();
  core_->sessions.insert(this);
  ++core_->stats.connections;
  error_code error;
  const tcp::endpoint peer = socket_.remote_endpoint(error);
  asio::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  if (!error) peer_address_ = address.to_string();
  from_loopback_ = !error && address.is_loopback();
  socket_.set_option(tcp::no_delay(true), error);
}

Session::~Session() {
  core_->sessions.erase(this);
  --core_->stats.connections;
}

void Session::Finish() {
  finishing_ = true;
  if (is_idle_ || is_streaming_) Cut();
}

void Session::Cut() {
  cut_ = true;
  is_idle_ = false;
  error_code ignored;
  // Half first, so that what was written arrives although the peer may still be sending.
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.cancel(ignored);
  wake_.cancel();
}

awaitable<void> Session::Run() {
  const std::shared_ptr<Session> self = shared_from_this();
  co_await Serve();
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

awaitable<void> Session::Serve() {
  bool more = true;
  while (more) {
    more = co_await ServeOne();
    more = more && !finishing_ && !cut_;
  }
}

awaitable<bool> Session::ServeOne() {
  const Read read = co_await ReadRequest();
  if (read == Read::kClosed) co_return false;
  if (read == Read::kRejected) {
    co_await Reject();
    co_return false;
  }
  const std::int64_t start_us = SteadyUs();
  Router::Match match = core_->router->Find(request_.method, request_.raw_path);
  request_.path_parameters = std::move(match.path_parameters);
  const auto* stream = match.endpoint == nullptr ? nullptr : std::get_if<EventStream>(match.endpoint);
  if (stream != nullptr && !context_.is_head) {
    co_await Stream(*stream, match.pattern);
    co_return false;
  }
  ++core_->stats.in_flight;
  co_await Answer(match);
  const bool written = co_await WriteReady();
  --core_->stats.in_flight;
  Count(match.pattern, ready_->status, start_us);
  co_return written && ready_->keep_alive;
}

awaitable<Session::Read> Session::ReadRequest() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(core_->limits.max_header_bytes));
  parser_->body_limit(core_->limits.max_body_bytes);
  head_taken_ = false;
  rejection_.reset();
  if (buffer_.size() == 0) {
    if (buffer_.capacity() > kSmallRead) buffer_.shrink_to_fit();
    is_idle_ = true;
    idle_since_us_ = SteadyUs();
    watchdog_.Set(core_->limits.idle_timeout);
    const bool started = co_await Fill(kSmallRead);
    is_idle_ = false;
    if (!started) co_return Read::kClosed;
  }
  watchdog_.Set(core_->limits.request_timeout);
  bool done = Parse();
  while (!done) {
    if (head_taken_ && buffer_.size() == 0 && ExpectsContinue()) {
      const std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      co_await Write(asio::buffer(go_on));
      std::erase_if(request_.headers, [](const auto& header) { return header.first == "expect"; });
      watchdog_.Set(core_->limits.request_timeout);
    }
    const std::size_t bytes = head_taken_ ? kBodyRead : kSmallRead;
    const bool filled = co_await Fill(bytes);
    if (!filled && watchdog_.expired()) {
      rejection_ = Rejection{408, RejectReason::kTimeout, "the request did not arrive in time"};
      co_return Read::kRejected;
    }
    if (!filled) co_return Read::kClosed;
    done = Parse();
  }
  if (!rejection_) rejection_ = AddBody(std::move(parser_->get().body()), request_);
  parser_.reset();
  if (rejection_) co_return Read::kRejected;
  co_return Read::kRequest;
}

awaitable<bool> Session::Fill(std::size_t bytes) {
  error_code error;
  const auto space = buffer_.prepare(std::min(bytes, buffer_.max_size() - buffer_.size()));
  const std::size_t received = co_await socket_.async_read_some(space, asio::redirect_error(use_awaitable, error));
  buffer_.commit(received);
  core_->stats.bytes_received += received;
  co_return !error && received > 0;
}

bool Session::Parse() {
  while (!rejection_) {
    error_code error;
    // The head is judged before a byte of the body is read, so the parser stops between them once.
    parser_->eager(head_taken_);
    if (parser_->is_header_done() && !head_taken_) {
      TakeHead();
      continue;
    }
    if (parser_->is_done()) return true;
    if (buffer_.size() == 0) return false;
    buffer_.consume(parser_->put(buffer_.data(), error));
    if (error == beast::http::error::need_more) {
      // Nothing of HTTP needs this much unparsed at once, except a chunk header made to fill memory.
      if (buffer_.size() < buffer_.max_size()) return false;
      rejection_ = Rejection{400, RejectReason::kMalformed, "a chunk header is too long"};
    } else if (error) {
      rejection_ = RejectionFor(error);
    }
  }
  return true;
}

void Session::TakeHead() {
  // Copied here and not after the body: Beast would add the trailers of a chunked body to these fields.
  head_taken_ = true;
  const auto& message = parser_->get();
  RequestHead head;
  head.method = View(message.method_string());
  head.target = View(message.target());
  head.version = static_cast<int>(message.version());
  for (const auto& field : message)
    head.headers.emplace_back(AsciiLower(View(field.name_string())), View(field.value()));
  rejection_ = CheckHead(head, core_->limits);
  if (rejection_) return;
  context_ = ResponseContext{};
  context_.is_head = head.method == "HEAD";
  context_.is_http10 = head.version < 11;
  context_.keep_alive = WantsKeepAlive(head) && !finishing_;
  context_.gzip_level = core_->limits.gzip_level;
  request_ = HttpRequest{};
  rejection_ = BuildRequest(std::move(head), request_);
  request_.peer_address = peer_address_;
  request_.from_loopback = from_loopback_;
  context_.accepts_gzip = AcceptsGzip(request_.Header("accept-encoding"));
  context_.if_none_match = request_.Header("if-none-match");
}

Rejection Session::RejectionFor(const error_code& error) const {
  if (error == beast::http::error::header_limit) {
    if (parser_->get().target().empty())
      return {414, RejectReason::kUriTooLong, "the URL is too long; send the query as a POST form"};
    return {431, RejectReason::kHeaderTooLarge,
            "the headers are longer than " + std::to_string(core_->limits.max_header_bytes) + " bytes"};
  }
  if (error == beast::http::error::body_limit) {
    return {413, RejectReason::kBodyTooLarge,
            "the body is longer than " + std::to_string(core_->limits.max_body_bytes) + " bytes"};
  }
  if (error == beast::http::error::bad_version) {
    return {505, RejectReason::kMalformed, "the request line names no version of HTTP spoken here (1.0 and 1.1)"};
  }
  const bool is_framing = error == beast::http::error::bad_transfer_encoding ||
                          error == beast::http::error::bad_content_length ||
                          error == beast::http::error::multiple_content_length;
  return {400, is_framing ? RejectReason::kAmbiguous : RejectReason::kMalformed,
          "not a valid HTTP request: " + error.message()};
}

awaitable<void> Session::Answer(const Router::Match& match) {
  ready_.reset();
  ++request_number_;
  if (match.endpoint == nullptr) {
    Encode(match.refusal);
    co_return;
  }
  CallHandler(*match.endpoint);
  if (!ready_) {
    watchdog_.Set(core_->limits.handler_timeout);
    error_code ignored;
    co_await wake_.async_wait(asio::redirect_error(use_awaitable, ignored));
  }
  if (!ready_) {
    ++request_number_;  // What the handler sends from now on is for nobody.
    Encode(ErrorResponse(503, "timeout", "the answer took too long"));
  }
}

void Session::CallHandler(const Endpoint& endpoint) {
  try {
    if (const auto* handler = std::get_if<Handler>(&endpoint)) {
      Encode((*handler)(request_));
    } else if (const auto* deferred = std::get_if<DeferredHandler>(&endpoint)) {
      (*deferred)(request_, MakeResponder());
    } else {
      Encode({.content_type = "text/event-stream"});  // HEAD of a stream.
    }
  } catch (const std::exception& e) {
    ++core_->stats.handler_exceptions;
    log::Err("exception in a request handler", {{"path", request_.path}, {"what", e.what()}});
    ++request_number_;
    Encode(ErrorResponse(500, "internal", "the handler failed; the log says more"));
  }
}

Responder Session::MakeResponder() {
  return Responder([weak = weak_from_this(), number = request_number_, context = context_,
                    &loop = core_->loop](HttpResponse response) {
    // Encoded, and so compressed, on the thread that answers; shared because std::function copies.
    auto encoded = std::make_shared<EncodedResponse>(EncodeResponse(std::move(response), context, UnixSeconds()));
    loop.Dispatch([weak, number, encoded] {
      const std::shared_ptr<Session> session = weak.lock();
      if (session == nullptr || session->request_number_ != number) return;
      session->ready_ = std::move(*encoded);
      session->wake_.cancel();
    });
  });
}

awaitable<void> Session::Reject() {
  ++core_->stats.rejected[static_cast<int>(rejection_->reason)];
  context_ = ResponseContext{.keep_alive = false};
  Encode(ErrorResponse(rejection_->status, rejection_->status == 408 ? "timeout" : "bad_data", rejection_->message));
  const bool written = co_await WriteReady();
  if (written) co_await Linger();
}

awaitable<void> Session::Stream(const EventStream& stream, std::string_view pattern) {
  const std::int64_t start_us = SteadyUs();
  const std::shared_ptr<Subscriber> subscriber = stream.hub->Join(request_, stream.greeter);
  if (subscriber == nullptr) {
    context_.keep_alive = false;
    Encode(ErrorResponse(503, "unavailable", "too many open streams"));
    co_await WriteReady();
    Count(pattern, 503, start_us);
    co_return;
  }
  is_streaming_ = true;
  ++core_->stats.streams;
  const DurationMs keep_alive = stream.hub->keep_alive();
  const std::string head = EventStreamHead(context_.is_http10, UnixSeconds());
  bool ok = co_await Write(asio::buffer(head));
  Count(pattern, 200, start_us);
  // A slow reader is dropped while a write of ours waits for it: the write is cancelled.
  subscriber->on_change = [this, raw = subscriber.get()] {
    error_code ignored;
    if (raw->is_dropped()) socket_.cancel(ignored);
    wake_.cancel();
  };
  while (ok && !cut_ && !subscriber->is_dropped()) {
    ok = co_await WriteEvents(*subscriber, keep_alive);
  }
  subscriber->on_change = nullptr;
  --core_->stats.streams;
}

awaitable<bool> Session::WriteEvents(Subscriber& subscriber, DurationMs keep_alive) {
  std::vector<std::shared_ptr<const std::string>> events;
  std::vector<asio::const_buffer> buffers;
  for (auto event = subscriber.Take(); event != nullptr; event = subscriber.Take()) {
    buffers.push_back(asio::buffer(*event));
    events.push_back(std::move(event));
    if (events.size() == kMaxGather) break;
  }
  if (events.empty()) {
    wake_.expires_after(std::chrono::milliseconds(keep_alive));
    error_code woken;
    co_await wake_.async_wait(asio::redirect_error(use_awaitable, woken));
    if (woken) co_return true;
    const std::string_view comment = ":\n\n";
    buffers.push_back(asio::buffer(comment));
  }
  const bool written = co_await Write(std::move(buffers));
  co_return written;
}

awaitable<bool> Session::WriteReady() {
  std::array<asio::const_buffer, 2> buffers{asio::buffer(ready_->head), asio::buffer(ready_->Body())};
  const bool written = co_await Write(buffers);
  co_return written;
}

template <class Buffers>
awaitable<bool> Session::Write(Buffers buffers) {
  const std::size_t bytes = asio::buffer_size(buffers);
  watchdog_.Set(core_->limits.write_timeout + static_cast<DurationMs>(bytes / kWriteBytesPerSecond) * kSecondMs);
  error_code error;
  const std::size_t sent = co_await asio::async_write(socket_, buffers, asio::redirect_error(use_awaitable, error));
  watchdog_.Clear();
  core_->stats.bytes_sent += sent;
  co_return !error;
}

awaitable<void> Session::Linger() {
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  watchdog_.Set(kLingerMs);
  std::size_t total = 0;
  while (!error && total < kLingerBytes) {
    buffer_.clear();
    const auto space = buffer_.prepare(kSmallRead);
    const std::size_t received = co_await socket_.async_read_some(space, asio::redirect_error(use_awaitable, error));
    total += received;
  }
}

void Session::Count(std::string_view pattern, int status, std::int64_t start_us) {
  HttpStats::Handler& handler = core_->StatsOf(pattern);
  ++handler.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5))];
  handler.total_us += static_cast<std::uint64_t>(SteadyUs() - start_us);
}

}  // namespace

void StartHttpSession(tcp::socket socket, std::shared_ptr<HttpServerCore> core) {
  IoLoop& loop = core->loop;
  const auto session = std::make_shared<Session>(std::move(socket), std::move(core));
  const auto run = [session] { return session->Run(); };
  asio::co_spawn(loop.context(), run, [](const std::exception_ptr& failure) {
    if (failure == nullptr) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      log::Err("exception in an HTTP session", {{"what", e.what()}});
    }
  });
}

}  // namespace tickbird::net
