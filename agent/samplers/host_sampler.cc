#include "agent/samplers/host_sampler.h"

#include <unistd.h>

#include <algorithm>

#include "agent/samplers/collector.h"
#include "agent/samplers/host/proc_stat.h"
#include "agent/samplers/registry.h"
#include "core/base/log.h"

namespace tickbird::samplers {
namespace {

constexpr double kNanosecondsPerSecond = 1e9;

enum : std::size_t { kDuration, kSuccess };
constexpr Column kColumns[] = {
    {"node_scrape_collector_duration_seconds", MetricType::kGauge, "node_exporter: Duration of a collector scrape."},
    {"node_scrape_collector_success", MetricType::kGauge, "node_exporter: Whether a collector succeeded."},
};

bool IsChosen(const SamplerOptions& options, std::string_view name) {
  const auto& chosen = options.collectors;
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), name) != chosen.end();
}

Status CheckNames(const SamplerOptions& options) {
  const std::vector<std::string_view> known = CollectorNames();
  for (const std::string& name : options.collectors) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Error{.code = ErrorCode::kInvalidArgument,
                 .message = "there is no collector " + Quoted(name) + DidYouMean(name, known)};
  }
  return {};
}

}  // namespace

class HostSampler::Impl {
 public:
  Impl(SamplerOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

  Status MakeCollectors() {
    if (options_.page_size == 0) options_.page_size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const CollectorContext context = {
        .options = options_, .identity = Identity(), .proc_stat = std::make_shared<ProcStatFile>(options_.procfs)};
    for (const CollectorEntry& entry : AllCollectors()) {
      if (!IsChosen(options_, entry.name)) continue;
      TICKBIRD_ASSIGN_OR_RETURN(std::unique_ptr<Collector> collector, entry.make(context));
      const Labels labels = LabelsBuilder(Identity()).Set("collector", entry.name).Build();
      slots_.push_back({.entry = entry, .collector = std::move(collector), .own_series = SeriesTable(labels, 1)});
      stats_.collectors.push_back({.name = entry.name});
    }
    return {};
  }

  void Sample(TimestampMs now, Appender& appender) {
    ++state_.round;
    Batch batch(state_, appender, now);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      if (IsDue(i, now)) Run(i, batch);
    }
    ++stats_.samples;
    stats_.appended = state_.appended;
    stats_.refused = state_.refused;
  }

  const SamplerStats& stats() const { return stats_; }

 private:
  struct Slot {
    CollectorEntry entry;
    std::unique_ptr<Collector> collector;
    SeriesTable own_series;
    TimestampMs due = 0;
    bool has_run = false;
  };

  Labels Identity() const { return {{"instance", options_.instance}, {"job", options_.job}}; }

  bool IsDue(std::size_t index, TimestampMs now) {
    Slot& slot = slots_[index];
    if (!slot.entry.is_slow) return true;
    const bool clock_went_back = slot.due - now > options_.slow_every;
    if (slot.has_run && now < slot.due && !clock_went_back) return false;
    // After the common start each has its own place within the interval, so that no sample pays for all of them.
    const auto place = static_cast<DurationMs>(index + 1);
    const auto places = static_cast<DurationMs>(slots_.size());
    slot.due = now + (slot.has_run ? options_.slow_every : options_.slow_every * place / places);
    slot.has_run = true;
    return true;
  }

  void Run(std::size_t index, Batch& batch) {
    Slot& slot = slots_[index];
    const std::int64_t start_ns = clock_.MonotonicNs();
    const Status status = slot.collector->Run(batch);
    const double seconds = static_cast<double>(clock_.MonotonicNs() - start_ns) / kNanosecondsPerSecond;
    Note(stats_.collectors[index], status, seconds, slot.collector->dropped());
    Row& row = slot.own_series.Only(batch, kColumns);
    row.Set(batch, kDuration, seconds);
    row.Set(batch, kSuccess, status ? 1.0 : 0.0);
  }

  // One log line for each change, not for each sample.
  static void Note(CollectorStats& stats, const Status& status, double seconds, std::uint64_t dropped) {
    const bool is_change = stats.runs == 0 || stats.last_success != status.has_value();
    ++stats.runs;
    stats.last_success = status.has_value();
    stats.last_duration_seconds = seconds;
    stats.dropped = dropped;
    if (status) {
      stats.last_error.clear();
      if (is_change && stats.failures > 0) log::Info("collector works again", {{"collector", stats.name}});
      return;
    }
    ++stats.failures;
    stats.last_error = status.error().message;
    if (!is_change) return;
    // What was never there is how this machine is; what is lost deserves a look.
    const bool is_absent = stats.runs == 1 && status.error().code == ErrorCode::kNotFound;
    if (is_absent) {
      log::Debug("collector finds nothing on this machine", {{"collector", stats.name}, {"err", status.error()}});
    } else {
      log::Warn("collector failed", {{"collector", stats.name}, {"err", status.error()}});
    }
  }

  SamplerOptions options_;
  const Clock& clock_;
  BatchState state_;
  std::vector<Slot> slots_;
  SamplerStats stats_;
};

std::vector<std::string_view> CollectorNames() {
  std::vector<std::string_view> names;
  for (const CollectorEntry& entry : AllCollectors()) names.push_back(entry.name);
  return names;
}

HostSampler::HostSampler(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HostSampler::~HostSampler() = default;

Result<std::unique_ptr<HostSampler>> HostSampler::Create(SamplerOptions options, const Clock& clock) {
  TICKBIRD_RETURN_IF_ERROR(CheckNames(options));
  auto impl = std::make_unique<Impl>(std::move(options), clock);
  TICKBIRD_RETURN_IF_ERROR(impl->MakeCollectors());
  return std::unique_ptr<HostSampler>(new HostSampler(std::move(impl)));
}

void HostSampler::Sample(TimestampMs now, Appender& appender) {
  impl_->Sample(now, appender);
}
const SamplerStats& HostSampler::stats() const {
  return impl_->stats();
}

}  // namespace tickbird::samplers
