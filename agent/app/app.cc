#include "agent/app/app.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <boost/asio/io_context.hpp>

#include "agent/api/admin_api.h"
#include "agent/api/alerts_api.h"
#include "agent/api/dashboard_api.h"
#include "agent/api/health_api.h"
#include "agent/api/metrics_api.h"
#include "agent/api/query_api.h"
#include "agent/api/rollup_api.h"
#include "agent/api/tsdb_api.h"
#include "agent/app/housekeeping.h"
#include "agent/app/judging.h"
#include "agent/app/sampling.h"
#include "agent/app/self_metrics.h"
#include "agent/app/version.h"
#include "agent/health/checker.h"
#include "agent/health/components.h"
#include "agent/ingest/statsd/aggregator.h"
#include "agent/ingest/statsd/statsd_listener.h"
#include "agent/ingest/statsd/statsd_metrics.h"
#include "agent/net/curl_egress.h"
#include "agent/net/event_hub.h"
#include "agent/net/http_server.h"
#include "agent/net/io_loop.h"
#include "agent/net/signal_set.h"
#include "agent/net/tcp_probe.h"
#include "agent/net/timers.h"
#include "agent/net/worker_pool.h"
#include "agent/samplers/host_sampler.h"
#include "core/base/fs.h"
#include "core/base/log.h"
#include "core/tsdb/store/store.h"
#include "exporters/metrics_page/own_metrics.h"
#include "notifiers/notifier.h"
#include "notifiers/receivers.h"
#include "notifiers/store/open_state.h"
#include "rules/eval/engine.h"

namespace tickbird::app {
namespace {

constexpr DurationMs kSelfMetricsInterval = 5 * kSecondMs;
constexpr const char* kOwnJob = "tickbird";
// Of one answer: about 100 bytes each.
constexpr std::size_t kMaxRollupPoints = 1'000'000;

std::string ExternalUrl(const config::Config& config) {
  return config.external_url.empty() ? "http://" + config::FormatAddress(config.listen) : config.external_url;
}

/// Three quarters of the memory for the head: what is in blocks is on disk, and its caches can go.
tsdb::StoreOptions StoreOptionsFrom(const config::Config& config, const Clock& clock) {
  const config::StorageConfig& storage = config.storage;
  tsdb::StoreOptions options;
  options.head.block_range = storage.block_range;
  options.head.out_of_order_window = storage.out_of_order_window;
  options.head.max_memory_bytes = storage.memory_bytes / 4 * 3;
  options.head.max_chunk_bytes = options.head.max_memory_bytes;
  options.head.max_series = static_cast<std::size_t>(config.limits.max_series);
  options.head.max_exemplars = static_cast<std::size_t>(storage.max_exemplars);
  options.retention = storage.retention_time;
  options.retention_bytes = storage.retention_bytes;
  options.max_memory_bytes = storage.memory_bytes;
  options.clock = &clock;
  return options;
}

samplers::SamplerOptions SamplerOptionsFrom(const config::SamplingConfig& config) {
  samplers::SamplerOptions options;
  options.procfs = config.procfs;
  options.sysfs = config.sysfs;
  options.cgroupfs = config.cgroupfs;
  options.rootfs = config.rootfs;
  options.collectors = config.collectors;
  options.instance = config.instance;
  options.job = config.job;
  for (const std::string& name : config.processes) options.process_groups.push_back({.name = name, .patterns = {name}});
  return options;
}

statsd::AggregatorOptions AggregatorOptionsFrom(const config::Config& config) {
  statsd::AggregatorOptions options;
  options.instance = config.sampling.instance;
  if (!config.statsd.buckets.empty()) options.buckets = config.statsd.buckets;
  return options;
}

net::HttpLimits HttpLimitsFrom(const config::LimitsConfig& config) {
  net::HttpLimits limits;
  limits.max_body_bytes = static_cast<std::size_t>(config.max_body_bytes);
  limits.max_connections = static_cast<std::size_t>(config.max_connections);
  limits.request_timeout = config.request_timeout;
  return limits;
}

promql::QueryOptions QueryOptionsFrom(const config::LimitsConfig& config) {
  promql::QueryOptions options;
  options.max_samples = static_cast<std::size_t>(config.max_query_samples);
  return options;
}

exporters::PageOptions PageOptionsFrom(const config::SamplingConfig& config) {
  exporters::PageOptions options;
  options.strip = {{"instance", config.instance}, {"job", config.job}, {"job", "statsd"}, {"job", kOwnJob}};
  options.own_job = kOwnJob;
  options.own_instance = config.instance;
  return options;
}

std::vector<health::CheckSpec> CheckSpecsFrom(const std::vector<config::HealthCheckConfig>& checks) {
  std::vector<health::CheckSpec> specs;
  for (const config::HealthCheckConfig& check : checks) {
    health::CheckSpec spec{
        .name = check.name, .interval = check.interval, .timeout = check.timeout, .critical = check.critical};
    if (check.tcp) {
      spec.target = health::TcpCheck{.host = check.tcp->first, .port = check.tcp->second};
    } else {
      health::HttpCheck http{.url = check.url};
      const int status = static_cast<int>(check.expected_status);
      if (status != 0) http.expected_status = {{.first = status, .last = status}};
      spec.target = std::move(http);
    }
    specs.push_back(std::move(spec));
  }
  return specs;
}

/// What a running process cannot change about itself.
std::optional<std::string_view> NeedsRestart(const config::Config& now, const config::Config& next) {
  if (now.listen != next.listen) return "listen";
  if (now.storage != next.storage) return "storage";
  const config::SamplingConfig& a = now.sampling;
  const config::SamplingConfig& b = next.sampling;
  if (std::tie(a.interval, a.collectors, a.procfs, a.sysfs, a.cgroupfs, a.rootfs, a.processes, a.job, a.instance) !=
      std::tie(b.interval, b.collectors, b.procfs, b.sysfs, b.cgroupfs, b.rootfs, b.processes, b.job, b.instance)) {
    return "sampling";
  }
  if (now.statsd.udp != next.statsd.udp || now.statsd.buckets != next.statsd.buckets) return "ingest";
  const config::LimitsConfig& c = now.limits;
  const config::LimitsConfig& d = next.limits;
  if (std::tie(c.max_series, c.max_connections, c.max_body_bytes, c.request_timeout, c.max_query_samples,
               c.max_dashboard_streams) != std::tie(d.max_series, d.max_connections, d.max_body_bytes,
                                                    d.request_timeout, d.max_query_samples, d.max_dashboard_streams)) {
    return "limits";
  }
  return std::nullopt;
}

}  // namespace

class App::Impl {
 public:
  Impl(LoadOptions options, Loaded loaded)
      : options_(std::move(options)),
        config_(std::move(loaded.config)),
        timers_(loop_, clock_),
        workers_(loop_),
        egress_(loop_),
        statsd_(AggregatorOptionsFrom(config_)),
        own_recorder_(kOwnJob, config_.sampling.instance),
        sampling_heartbeat_(components_.AddHeartbeat("sampling", HeartbeatLimit(), clock_.Now())),
        rules_heartbeat_(components_.AddHeartbeat("rules", HeartbeatLimit(), clock_.Now())),
        wal_component_(components_.AddComponent("wal")),
        delivery_component_(components_.AddComponent("delivery")),
        hub_(loop_, {.max_subscribers = static_cast<std::size_t>(config_.limits.max_dashboard_streams)}),
        first_rules_(std::move(loaded.rules)),
        first_receivers_(std::move(loaded.receivers)) {
    reload_stats_.last_success = clock_.Now();
  }

  Status Open() {
    TICKBIRD_RETURN_IF_ERROR(OpenStore());
    TICKBIRD_RETURN_IF_ERROR(OpenRulesAndNotifier());
    TICKBIRD_RETURN_IF_ERROR(OpenSources());
    return OpenInterfaces();
  }

  int Run() {
    signals_.emplace(loop_, net::SignalSet::Callbacks{.stop = [this](int signal) { Stop(signal); },
                                                      .reload = [this] { Reload([](const Status&) {}); }});
    components_.SetPhase(health::AgentPhase::kReady);
    judging_->Wake();
    sampling_->Start();
    housekeeping_->Start();
    ScheduleChecks();
    log::Info("ready", {{"url", ExternalUrl(config_)},
                        {"version", kVersion},
                        {"rules", engine_->Stats().rules},
                        {"data", config_.storage.path}});
    loop_.Run();
    return 0;
  }

  /// Taken down in the reverse order of Open; the loop has ended or never ran.
  ~Impl() {
    signals_.reset();
    http_.reset();
    if (udp_) udp_->Stop();
    workers_.Shutdown();
    egress_.Shutdown();
    notifier_.reset();
    if (store_) {
      store_->SetCommitListener({});
      if (const Status closed = store_->Close(); !closed)
        log::Err("cannot close the log of samples", {{"error", closed.error()}});
    }
  }

 private:
  DurationMs HeartbeatLimit() const { return std::max<DurationMs>(10 * kSecondMs, 10 * config_.sampling.interval); }

  Status OpenStore() {
    TICKBIRD_ASSIGN_OR_RETURN(
        store_, tsdb::Store::Open(fs_, StoreOptionsFrom(config_, clock_), config_.storage.path, clock_.Now()));
    housekeeping_.emplace(timers_, workers_, clock_, *store_, config_.storage.wal_sync_interval);
    return {};
  }

  Status OpenRulesAndNotifier() {
    rules::RuleEngine::Options options;
    options.stopwatch = &clock_;
    engine_.emplace(
        std::exchange(first_rules_, nullptr), *store_, *store_, [this](const AlertEvent& event) { OnAlert(event); },
        rules::LocalPromql(QueryOptionsFrom(config_.limits)), options);
    TICKBIRD_RETURN_IF_ERROR(OpenNotifier());
    judging_.emplace(loop_, timers_, clock_, *engine_);
    engine_->Restore(notifier_->ActiveAlertEvents(), clock_.Now());
    notifier_->Reconcile();
    store_->SetCommitListener([this](const CommitNotice& notice) { judging_->OnCommit(notice); });
    return {};
  }

  notify::ChannelDeps ChannelDeps() {
    return {.http = egress_,
            .mail = egress_,
            .fs = fs_,
            .hostname = config_.sampling.instance,
            .external_url = ExternalUrl(config_)};
  }

  Result<notify::ReceiverSet> MakeReceivers(const std::vector<ReceiverSpec>& specs) {
    auto set = notify::ReceiverSet::Create(specs, ChannelDeps());
    if (!set) return WithContext(set.error().front().file, std::move(set.error().front().error));
    return *std::move(set);
  }

  Status OpenNotifier() {
    TICKBIRD_ASSIGN_OR_RETURN(notify::ReceiverSet receivers, MakeReceivers(std::exchange(first_receivers_, {})));
    const std::string path = JoinPath(config_.storage.path, "state.db");
    const auto post = [this](std::function<void()> function) { loop_.Post(std::move(function)); };
    notify::OpenedState opened = notify::OpenState(path, clock_.Now(), post);
    if (opened.problem) {
      if (opened.problem->code == ErrorCode::kUnsupported) return *std::move(opened.problem);
      log::Err("the state of alerts is not what was left; alerting goes on", {{"error", *opened.problem}});
    }
    notifier_.emplace(notify::NotifierEnvironment{.clock = clock_,
                                                  .schedule =
                                                      [this](TimestampMs at, std::function<void()> function) {
                                                        timers_.Schedule(at, std::move(function));
                                                      },
                                                  .post = post,
                                                  .active = *engine_,
                                                  .channels = ChannelDeps()},
                      notify::NotifierOptions{});
    notifier_->Start(std::move(opened.stored), std::move(opened.persistence), std::move(receivers));
    return {};
  }

  Status OpenSources() {
    TICKBIRD_ASSIGN_OR_RETURN(sampler_, samplers::HostSampler::Create(SamplerOptionsFrom(config_.sampling), clock_));
    if (config_.statsd.udp) {
      udp_.emplace(loop_.context().get_executor(), statsd_,
                   statsd::UdpOptions{.address = config_.statsd.udp->host,
                                      .port = static_cast<std::uint16_t>(config_.statsd.udp->port)});
      TICKBIRD_RETURN_IF_ERROR(udp_->Start());
    }
    statsd_metrics_.emplace(statsd_.stats(), udp_ ? &udp_->stats() : nullptr);
    sampling_.emplace(timers_, clock_, *store_, config_.sampling.interval);
    sampling_->AddSource("sampling", 0,
                         [this](TimestampMs now, Appender& appender) { sampler_->Sample(now, appender); });
    sampling_->AddSource("statsd", 0, [this](TimestampMs now, Appender& appender) { statsd_.Flush(now, appender); });
    sampling_->AddSource("self", kSelfMetricsInterval,
                         [this](TimestampMs now, Appender& appender) { RecordSelf(now, appender); });
    sampling_->SetAfterTick([this](TimestampMs now) { AfterTick(now); });
    const health::TcpProbe probe = [this](const health::TcpCheck& check, DurationMs timeout,
                                          std::function<void(Status)> done) {
      net::TcpProbe(loop_, check.host, static_cast<std::uint16_t>(check.port), timeout,
                    [done = std::move(done)](const Result<net::TcpProbeResult>& result) {
                      done(result ? Status() : Status(Error{result.error()}));
                    });
    };
    checker_.emplace(egress_, probe, *store_, clock_);
    checker_->Replace(CheckSpecsFrom(config_.health_checks));
    return {};
  }

  Status OpenInterfaces() {
    query_api_.emplace(api::QueryApi{.data = *store_,
                                     .workers = workers_,
                                     .timers = timers_,
                                     .clock = clock_,
                                     .options = QueryOptionsFrom(config_.limits),
                                     .timeout = config_.limits.request_timeout});
    rollup_api_.emplace(api::RollupApi{
        .select = [this](const tsdb::RollupSelection& selection) { return store_->SelectRollups(selection); },
        .workers = workers_,
        .clock = clock_,
        .max_points = std::min(kMaxRollupPoints, static_cast<std::size_t>(config_.limits.max_query_samples))});
    alerts_api_.emplace(api::AlertsApi{.engine = *engine_, .notifier = *notifier_, .clock = clock_, .changed = [this] {
                                         dashboard_api_->AlertsChanged();
                                       }});
    health_api_.emplace(api::HealthApi{.components = components_,
                                       .checker = *checker_,
                                       .clock = clock_,
                                       .release = kVersion,
                                       .service_id = config_.sampling.instance});
    metrics_api_.emplace(api::MetricsApi{.data = *store_,
                                         .workers = workers_,
                                         .clock = clock_,
                                         .options = PageOptionsFrom(config_.sampling),
                                         .own = [this] { return CollectOwn(); }});
    dashboard_api_.emplace(
        hub_, *store_, workers_, *alerts_api_, *health_api_, clock_,
        api::AgentIdentity{
            .host = config_.sampling.instance, .version = kVersion, .interval = config_.sampling.interval});
    auto router = std::make_shared<net::Router>();
    api::AddQueryRoutes(*router, *query_api_);
    api::AddRollupRoutes(*router, *rollup_api_);
    api::AddAlertRoutes(*router, *alerts_api_);
    api::AddHealthRoutes(*router, *health_api_);
    api::AddMetricsRoutes(*router, *metrics_api_);
    tsdb_api_.emplace(api::TsdbApi{.store = *store_, .workers = workers_, .clock = clock_});
    api::AddTsdbRoutes(*router, *tsdb_api_);
    dashboard_api_->AddRoutes(*router);
    api::AddAdminRoutes(*router, [this](std::function<void(Status)> done) { Reload(std::move(done)); });
    http_.emplace(loop_, std::move(router), HttpLimitsFrom(config_.limits));
    return http_->Listen({.host = config_.listen.host, .port = static_cast<std::uint16_t>(config_.listen.port)});
  }

  std::vector<prometheus::MetricFamily> CollectOwn() const {
    std::vector<prometheus::MetricFamily> families =
        CollectSelfMetrics({.store = *store_,
                            .series_limit = static_cast<std::size_t>(config_.limits.max_series),
                            .engine = *engine_,
                            .notifier = *notifier_,
                            .http = *http_,
                            .dashboard = hub_,
                            .workers = workers_,
                            .egress = egress_,
                            .sampling = *sampling_,
                            .sampler = *sampler_,
                            .reload = reload_stats_});
    for (prometheus::MetricFamily& family : statsd_metrics_->Collect()) families.push_back(std::move(family));
    return families;
  }

  void RecordSelf(TimestampMs now, Appender& appender) {
    own_recorder_.Record(CollectOwn(), now, appender);
    WatchComponents(now);
  }

  /// Turns what the store and the deliveries count into lines of /health.
  void WatchComponents(TimestampMs now) {
    const std::int64_t failures = store_->Stats().head.wal_failures;
    const bool wal_failing = failures > wal_failures_seen_;
    wal_failures_seen_ = failures;
    wal_component_.Set(wal_failing ? health::HealthStatus::kWarn : health::HealthStatus::kPass,
                       wal_failing ? "samples cannot be logged and would not survive a restart; is the disk full?" : "",
                       now);
    std::string failing;
    for (const auto& [receiver, lane] : notifier_->Stats().lanes) {
      if (lane.failures_in_a_row > 1) failing += fmt::format("{}{}", failing.empty() ? "" : ", ", receiver);
    }
    delivery_component_.Set(failing.empty() ? health::HealthStatus::kPass : health::HealthStatus::kWarn,
                            failing.empty() ? "" : "not delivering to " + failing, now);
  }

  void OnAlert(const AlertEvent& event) {
    notifier_->OnEvent(event);
    dashboard_api_->AlertsChanged();
  }

  void AfterTick(TimestampMs now) {
    sampling_heartbeat_.Beat(now);
    rules_heartbeat_.Beat(judging_->last_run());
    if (dashboard_api_) dashboard_api_->Tick(now);
  }

  void ScheduleChecks() {
    if (check_timer_ != 0) timers_.Cancel(check_timer_);
    check_timer_ = 0;
    const auto due = checker_->NextDue();
    if (!due || stopping_) return;
    check_timer_ = timers_.Schedule(*due, [this] {
      check_timer_ = 0;
      checker_->RunDue(clock_.Now());
      ScheduleChecks();
    });
  }

  void Reload(std::function<void(Status)> done) {
    if (reloading_ || stopping_)
      return done(Error{ErrorCode::kUnavailable, "busy: another reload or the stop is under way"});
    const auto result = std::make_shared<LoadResult>();
    reloading_ = workers_.Offload([this, result] { *result = Load(options_); },
                                  [this, result, done] {
                                    reloading_ = false;
                                    done(FinishReload(*result));
                                  });
    if (!reloading_) done(Error{ErrorCode::kUnavailable, "busy: too much work is waiting"});
  }

  Status FinishReload(LoadResult& result) {
    Status applied = Apply(result);
    reload_stats_.last_successful = applied.has_value();
    if (applied) {
      reload_stats_.last_success = clock_.Now();
      log::Info("configuration reloaded", {{"rules", engine_->Stats().rules}});
    } else {
      ++reload_stats_.failures;
      log::Err("configuration not reloaded; nothing has changed", {{"error", applied.error()}});
    }
    return applied;
  }

  /// All or nothing: whatever can be refused is refused before the first change.
  Status Apply(LoadResult& result) {
    if (!result.loaded) return Error{ErrorCode::kInvalidArgument, result.text};
    if (const auto section = NeedsRestart(config_, result.loaded->config)) {
      return Error{ErrorCode::kInvalidArgument, fmt::format("a change of {} needs a restart", *section)};
    }
    TICKBIRD_ASSIGN_OR_RETURN(notify::ReceiverSet receivers, MakeReceivers(result.loaded->receivers));
    notifier_->ReplaceReceivers(std::move(receivers));
    config_ = std::move(result.loaded->config);
    engine_->Replace(result.loaded->rules, clock_.Now());
    notifier_->Reconcile();
    checker_->Replace(CheckSpecsFrom(config_.health_checks));
    ScheduleChecks();
    judging_->Wake();
    dashboard_api_->AlertsChanged();
    return {};
  }

  /// Intake first, then what is queued for people, then the log. A second signal ends it at once.
  void Stop(int signal) {
    if (stopping_) return loop_.Stop();
    stopping_ = true;
    log::Info("stopping", {{"signal", signal}, {"grace", config_.shutdown_grace}});
    components_.SetPhase(health::AgentPhase::kDraining);
    ScheduleChecks();
    if (udp_) udp_->Stop();
    sampling_->Stop();
    CommitLastStatsd();
    judging_->Stop();
    housekeeping_->Stop();
    const TimestampMs deadline = clock_.Now() + config_.shutdown_grace;
    notifier_->Drain(deadline, [this](bool delivered) {
      if (!delivered) log::Warn("some messages are not delivered yet; they go out after the next start");
      http_->Stop(kSecondMs, [this] { loop_.Stop(); });
    });
  }

  /// What came in since the last tick.
  void CommitLastStatsd() {
    const std::unique_ptr<Appender> appender = store_->NewAppender();
    appender->SetSource("statsd");
    statsd_.Flush(std::max(clock_.Now(), sampling_->last_tick() + 1), *appender);
    if (const Status committed = appender->Commit(); !committed)
      log::Err("the last samples cannot be logged", {{"error", committed.error()}});
  }

  const LoadOptions options_;
  config::Config config_;
  SystemClock clock_;
  PosixFs fs_;
  net::IoLoop loop_;
  net::LoopTimers timers_;
  net::WorkerPool workers_;
  net::CurlEgress egress_;

  std::unique_ptr<tsdb::Store> store_;
  std::optional<Housekeeping> housekeeping_;
  std::optional<rules::RuleEngine> engine_;
  std::optional<notify::Notifier> notifier_;
  std::optional<Judging> judging_;

  statsd::Aggregator statsd_;
  std::optional<statsd::UdpListener> udp_;
  std::optional<statsd::StatsdMetrics> statsd_metrics_;
  std::unique_ptr<samplers::HostSampler> sampler_;
  exporters::OwnMetricsRecorder own_recorder_;
  std::optional<Sampling> sampling_;

  health::Components components_;
  health::Heartbeat& sampling_heartbeat_;
  health::Heartbeat& rules_heartbeat_;
  health::Component& wal_component_;
  health::Component& delivery_component_;
  std::int64_t wal_failures_seen_ = 0;
  std::optional<health::HealthChecker> checker_;
  net::Timers::Id check_timer_ = 0;

  net::EventHub hub_;
  std::optional<api::QueryApi> query_api_;
  std::optional<api::RollupApi> rollup_api_;
  std::optional<api::AlertsApi> alerts_api_;
  std::optional<api::HealthApi> health_api_;
  std::optional<api::MetricsApi> metrics_api_;
  std::optional<api::DashboardApi> dashboard_api_;
  std::optional<api::TsdbApi> tsdb_api_;
  std::optional<net::HttpServer> http_;
  std::optional<net::SignalSet> signals_;

  ReloadStats reload_stats_;
  bool reloading_ = false;
  bool stopping_ = false;
  // Between the constructor and Open.
  std::shared_ptr<const rules::RuleSet> first_rules_;
  std::vector<ReceiverSpec> first_receivers_;
};

App::App(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
App::~App() = default;

Result<std::unique_ptr<App>> App::Create(LoadOptions options, Loaded loaded) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(loaded));
  TICKBIRD_RETURN_IF_ERROR(impl->Open());
  return std::unique_ptr<App>(new App(std::move(impl)));
}

int App::Run() {
  return impl_->Run();
}

}  // namespace tickbird::app
