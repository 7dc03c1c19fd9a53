#include "agent/net/curl_egress.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/net/curl_transfer.h"
#include "agent/net/thread_start.h"
#include "core/base/mutex.h"

namespace tickbird::net {
namespace {

using Steady = std::chrono::steady_clock;

Error Cancelled() {
  return {ErrorCode::kCancelled, "stopped before an answer came"};
}

/// The messages of one run of the thread. Everything here happens on it.
class EgressRun {
 public:
  EgressRun(const CurlApi& api, CURLM* multi, const CurlEgress::Options& options)
      : api_(api), multi_(multi), options_(options) {}

  ~EgressRun() {
    for (auto& [handle, transfer] : running_) {
      api_.multi_remove_handle(multi_, handle);
      transfer->Fail(Cancelled());
    }
    for (auto& [key, host] : hosts_) {
      for (const auto& transfer : host.waiting) {
        if (!transfer->is_done) transfer->Fail(Cancelled());
      }
    }
  }
  EgressRun(const EgressRun&) = delete;
  EgressRun& operator=(const EgressRun&) = delete;

  void Add(std::unique_ptr<CurlTransfer> transfer) {
    if (Status plan = transfer->Plan(api_); !plan) {
      transfer->Fail(std::move(plan.error()));
      return;
    }
    deadlines_.emplace(transfer->deadline, transfer.get());
    Host& host = hosts_[transfer->host_key];
    host.waiting.push_back(std::move(transfer));
  }

  void StartWhatMay() {
    for (auto next = hosts_.begin(); next != hosts_.end();) {
      Host& host = next->second;
      while (!host.waiting.empty() && host.running < options_.max_per_host &&
             running_.size() < options_.max_in_flight) {
        std::unique_ptr<CurlTransfer> transfer = std::move(host.waiting.front());
        host.waiting.pop_front();
        if (!transfer->is_done) Start(host, std::move(transfer));
      }
      next = host.waiting.empty() && host.running == 0 ? hosts_.erase(next) : std::next(next);
    }
  }

  /// Lets libcurl read and write, and hands out what is finished.
  void Perform() {
    int still_running = 0;
    api_.multi_perform(multi_, &still_running);
    int left = 0;
    for (CURLMsg* message = api_.multi_info_read(multi_, &left); message != nullptr;
         message = api_.multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      Finish(message->easy_handle, message->data.result);
    }
  }

  void ExpireWaiting() {
    while (!deadlines_.empty() && deadlines_.begin()->first <= Steady::now()) {
      CurlTransfer* transfer = deadlines_.begin()->second;
      deadlines_.erase(deadlines_.begin());
      transfer->is_done = true;
      transfer->Fail(
          {ErrorCode::kTimeout, transfer->label + ": others to this server are waiting; no turn came in time"});
    }
  }

  void Wait() {
    constexpr std::int64_t kLongMs = 10 * kMinuteMs;
    std::int64_t timeout = kLongMs;
    if (!deadlines_.empty()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadlines_.begin()->first - Steady::now()).count();
      timeout = std::clamp<std::int64_t>(left, 0, kLongMs);
    }
    api_.multi_poll(multi_, nullptr, 0, static_cast<int>(timeout), nullptr);
  }

 private:
  struct Host {
    std::deque<std::unique_ptr<CurlTransfer>> waiting;
    std::size_t running = 0;
  };

  void Start(Host& host, std::unique_ptr<CurlTransfer> transfer) {
    deadlines_.erase({transfer->deadline, transfer.get()});
    transfer->easy = std::make_unique<CurlEasy>(api_);
    CurlEasy& easy = *transfer->easy;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(transfer->deadline - Steady::now()).count();
    easy.Set(CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, left)));
    easy.Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(1, left)));
    easy.Set(CURLOPT_NOSIGNAL, 1L);
    // Without it a timeout would wait for a resolver that hangs, and all other messages with it.
    easy.Set(CURLOPT_QUICK_EXIT, 1L);
    easy.Set(CURLOPT_PROXY, "");
    easy.SetPointer(CURLOPT_ERRORBUFFER, transfer->error_text.data());
    if (Status prepared = transfer->Prepare(easy); !prepared) {
      transfer->Fail(std::move(prepared.error()));
      return;
    }
    api_.multi_add_handle(multi_, easy.handle());
    ++host.running;
    running_.emplace(easy.handle(), std::move(transfer));
  }

  void Finish(CURL* handle, CURLcode code) {
    auto node = running_.extract(handle);
    api_.multi_remove_handle(multi_, handle);
    --hosts_[node.mapped()->host_key].running;
    node.mapped()->Finish(*node.mapped()->easy, code);
  }

  const CurlApi& api_;
  CURLM* const multi_;
  const CurlEgress::Options& options_;
  std::map<std::string, Host> hosts_;
  std::set<std::pair<CurlTransfer::Time, CurlTransfer*>> deadlines_;  ///< Of those that wait.
  std::unordered_map<CURL*, std::unique_ptr<CurlTransfer>> running_;
};

}  // namespace

class CurlEgress::Impl {
 public:
  Impl(IoLoop& loop, Options options) : loop_(loop), options_(std::move(options)) {}

  template <class Value, class Make>
  void Send(std::function<void(Result<Value>)> callback, std::uint64_t Stats::* counter, DurationMs timeout, Make make);
  void Shutdown();
  Stats stats() const;
  const std::string& user_agent() const { return options_.user_agent; }

 private:
  void Enqueue(std::unique_ptr<CurlTransfer> transfer);
  void Run();
  void RunWith(const CurlApi& api, CURLM* multi);
  /// Moves what has come in to `out`; false when the thread is to end.
  bool TakeIncoming(std::vector<std::unique_ptr<CurlTransfer>>& out);
  void FailUntilStopped(const Error& error);
  void WakeLocked() TICKBIRD_REQUIRES(mutex_);

  IoLoop& loop_;
  const Options options_;
  mutable Mutex mutex_;
  CondVar arrived_;  ///< Only waited on when there is no multi handle to wake.
  std::vector<std::unique_ptr<CurlTransfer>> incoming_ TICKBIRD_GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ TICKBIRD_GUARDED_BY(mutex_) = 0;
  Stats stats_ TICKBIRD_GUARDED_BY(mutex_);
  bool stopping_ TICKBIRD_GUARDED_BY(mutex_) = false;
  std::thread thread_ TICKBIRD_GUARDED_BY(mutex_);
  const CurlApi* api_ TICKBIRD_GUARDED_BY(mutex_) = nullptr;
  CURLM* multi_ TICKBIRD_GUARDED_BY(mutex_) = nullptr;
};

template <class Value, class Make>
void CurlEgress::Impl::Send(std::function<void(Result<Value>)> callback, std::uint64_t Stats::* counter,
                            DurationMs timeout, Make make) {
  // Known only once the transfer is made, and needed where it ends.
  auto bytes = std::make_shared<std::size_t>(0);
  auto shared_callback = std::make_shared<std::function<void(Result<Value>)>>(std::move(callback));
  auto done = [this, bytes, counter, shared_callback](Result<Value> result) {
    {
      const MutexLock lock(mutex_);
      --stats_.waiting;
      waiting_bytes_ -= *bytes;
      ++(result ? stats_.*counter : stats_.failed);
    }
    auto shared_result = std::make_shared<Result<Value>>(std::move(result));
    loop_.Post([shared_callback, shared_result] { (*shared_callback)(std::move(*shared_result)); });
  };
  std::unique_ptr<CurlTransfer> transfer = make(std::move(done));
  transfer->deadline = Steady::now() + std::chrono::milliseconds(timeout);
  *bytes = transfer->bytes();
  Enqueue(std::move(transfer));
}

void CurlEgress::Impl::Enqueue(std::unique_ptr<CurlTransfer> transfer) {
  std::optional<Error> refusal;
  {
    const MutexLock lock(mutex_);
    ++stats_.waiting;
    waiting_bytes_ += transfer->bytes();
    if (stopping_) {
      refusal = Cancelled();
    } else if (stats_.waiting > options_.max_queued || waiting_bytes_ > options_.max_queued_bytes) {
      ++stats_.refused;
      refusal = Error{ErrorCode::kUnavailable,
                      "too many messages are waiting to be sent (limit " + std::to_string(options_.max_queued) + ")"};
    } else {
      incoming_.push_back(std::move(transfer));
      if (!thread_.joinable()) thread_ = StartThread("egress", [this] { Run(); });
      WakeLocked();
    }
  }
  if (refusal) transfer->Fail(std::move(*refusal));
}

void CurlEgress::Impl::WakeLocked() {
  if (multi_ != nullptr) api_->multi_wakeup(multi_);
  arrived_.NotifyOne();
}

void CurlEgress::Impl::Run() {
  const Result<CurlApi> api = LoadCurl(options_.library);
  if (!api) {
    FailUntilStopped(api.error());
    return;
  }
  CURLM* multi = api->multi_init();
  api->multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_in_flight));
  {
    const MutexLock lock(mutex_);
    api_ = &*api;
    multi_ = multi;
  }
  RunWith(*api, multi);
  {
    const MutexLock lock(mutex_);
    multi_ = nullptr;
  }
  api->multi_cleanup(multi);
}

void CurlEgress::Impl::RunWith(const CurlApi& api, CURLM* multi) {
  EgressRun run(api, multi, options_);
  std::vector<std::unique_ptr<CurlTransfer>> incoming;
  while (TakeIncoming(incoming)) {
    for (auto& transfer : incoming) run.Add(std::move(transfer));
    incoming.clear();
    run.ExpireWaiting();
    run.StartWhatMay();
    run.Perform();
    run.StartWhatMay();
    run.Wait();
  }
  for (auto& transfer : incoming) transfer->Fail(Cancelled());
}

bool CurlEgress::Impl::TakeIncoming(std::vector<std::unique_ptr<CurlTransfer>>& out) {
  const MutexLock lock(mutex_);
  out.swap(incoming_);
  return !stopping_;
}

void CurlEgress::Impl::FailUntilStopped(const Error& error) {
  for (bool go_on = true; go_on;) {
    std::vector<std::unique_ptr<CurlTransfer>> incoming;
    {
      const MutexLock lock(mutex_);
      while (incoming_.empty() && !stopping_) arrived_.Wait(mutex_);
      incoming.swap(incoming_);
      go_on = !stopping_;
    }
    for (auto& transfer : incoming) transfer->Fail(error);
  }
}

void CurlEgress::Impl::Shutdown() {
  std::thread thread;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    thread.swap(thread_);
    WakeLocked();
  }
  if (thread.joinable()) thread.join();
}

CurlEgress::Stats CurlEgress::Impl::stats() const {
  const MutexLock lock(mutex_);
  return stats_;
}

CurlEgress::CurlEgress(IoLoop& loop, Options options) : impl_(std::make_unique<Impl>(loop, std::move(options))) {}
CurlEgress::~CurlEgress() {
  Shutdown();
}

void CurlEgress::Send(OutgoingRequest request, HttpClient::Callback callback) {
  const DurationMs timeout = request.timeout;
  impl_->Send<OutgoingResponse>(std::move(callback), &Stats::http_sent, timeout, [&](auto done) {
    return MakeHttpTransfer(std::move(request), impl_->user_agent(), std::move(done));
  });
}

void CurlEgress::Send(OutgoingMail mail, MailClient::Callback callback) {
  const DurationMs timeout = mail.timeout;
  impl_->Send<MailClient::Outcome>(std::move(callback), &Stats::mail_sent, timeout,
                                   [&](auto done) { return MakeMailTransfer(std::move(mail), std::move(done)); });
}

void CurlEgress::Shutdown() {
  impl_->Shutdown();
}
CurlEgress::Stats CurlEgress::stats() const {
  return impl_->stats();
}

}  // namespace tickbird::net
