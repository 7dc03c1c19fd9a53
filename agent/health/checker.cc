#include "agent/health/checker.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/log.h"
#include "core/model/labels.h"

namespace tickbird::health {
namespace {

constexpr std::string_view kUpMetric = "tickbird_health_check_up";
constexpr std::string_view kDurationMetric = "tickbird_health_check_duration_seconds";

// A series and the store's number for it.
struct Series {
  Labels labels;
  SeriesRef ref = 0;

  void Append(Appender& appender, TimestampMs at, double value) {
    // Refusals are counted by the store.
    if (auto written = appender.Append(ref, labels, at, value)) ref = *written;
  }
};

void DescribeSeries(Appender& appender) {
  appender.SetMetadata(kUpMetric, {.type = MetricType::kGauge,
                                   .help = "Whether a configured health check passes, after its rise and fall counts.",
                                   .unit = ""});
  appender.SetMetadata(
      kDurationMetric,
      {.type = MetricType::kGauge, .help = "How long the last run of a health check took.", .unit = "seconds"});
}

// True when results of one say something about the other.
bool SameTarget(const CheckSpec& a, const CheckSpec& b) {
  if (a.target.index() != b.target.index()) return false;
  if (const auto* http = std::get_if<HttpCheck>(&a.target)) return http->url == std::get<HttpCheck>(b.target).url;
  const auto& left = std::get<TcpCheck>(a.target);
  const auto& right = std::get<TcpCheck>(b.target);
  return left.host == right.host && left.port == right.port;
}

}  // namespace

class HealthChecker::State : public std::enable_shared_from_this<State> {
 public:
  State(HttpClient& http, TcpProbe tcp, Appendable& out, const Clock& clock)
      : http_(http), tcp_(std::move(tcp)), out_(out), clock_(clock) {}

  void Replace(std::vector<CheckSpec> specs) {
    std::vector<std::shared_ptr<Check>> before = std::exchange(checks_, {});
    for (CheckSpec& spec : specs) {
      auto check = std::make_shared<Check>(std::move(spec));
      const auto same = std::find_if(before.begin(), before.end(), [&](const auto& old) {
        return old->spec.name == check->spec.name && SameTarget(old->spec, check->spec);
      });
      if (same != before.end()) check->TakeOver(**same);
      checks_.push_back(std::move(check));
    }
    EndSeries(before);
  }

  std::optional<TimestampMs> NextDue() const {
    std::optional<TimestampMs> next;
    for (const auto& check : checks_)
      next = std::min(next.value_or(check->schedule.NextDue()), check->schedule.NextDue());
    return next;
  }

  void RunDue(TimestampMs now) {
    // A copy: a callback may come at once, and the configuration may change in it.
    for (const auto& check : std::vector(checks_)) {
      if (check->schedule.DueToGiveUp(now)) {
        Finish(check, check->schedule.running(), {.ok = false, .reason = "no answer"});
      }
      if (check->schedule.DueToStart(now)) Start(check, now);
    }
  }

  std::vector<CheckReport> Reports() const {
    std::vector<CheckReport> reports;
    for (const auto& check : checks_) reports.push_back(check->report);
    return reports;
  }

 private:
  struct Check {
    explicit Check(CheckSpec check_spec)
        : spec(std::move(check_spec)),
          schedule(spec.interval, spec.timeout),
          rise_and_fall(spec.rise, spec.fall),
          up{.labels = {{kMetricNameLabel, kUpMetric},
                        {"check", spec.name},
                        {"critical", spec.critical ? "true" : "false"}}},
          duration{.labels = {{kMetricNameLabel, kDurationMetric}, {"check", spec.name}}} {
      report.name = spec.name;
      report.critical = spec.critical;
    }

    void TakeOver(const Check& old) {
      if (old.report.status == CheckStatus::kUnknown) return;
      rise_and_fall.Note(old.report.status == CheckStatus::kUp);
      report = old.report;
      report.critical = spec.critical;
    }

    CheckSpec spec;
    CheckSchedule schedule;
    RiseAndFall rise_and_fall;
    CheckReport report;
    Series up;
    Series duration;
    std::int64_t started_ns = 0;
  };

  void Start(const std::shared_ptr<Check>& check, TimestampMs now) {
    const std::uint64_t run = check->schedule.Start(now);
    check->started_ns = clock_.MonotonicNs();
    // Weak on both ends: a reload or the end of the agent does not wait for answers.
    const auto finish = [self = weak_from_this(), weak = std::weak_ptr(check), run](CheckOutcome outcome) {
      const auto state = self.lock();
      const auto running = weak.lock();
      if (state && running) state->Finish(running, run, std::move(outcome));
    };
    if (const auto* http = std::get_if<HttpCheck>(&check->spec.target)) {
      http_.Send(BuildRequest(*http, check->spec.timeout), [finish, target = *http](Result<OutgoingResponse> response) {
        finish(JudgeResponse(target, response));
      });
      return;
    }
    tcp_(std::get<TcpCheck>(check->spec.target), check->spec.timeout, [finish](Status status) {
      finish(status ? CheckOutcome{.ok = true, .reason = {}}
                    : CheckOutcome{.ok = false, .reason = status.error().message});
    });
  }

  void Finish(const std::shared_ptr<Check>& check, std::uint64_t run, CheckOutcome outcome) {
    const TimestampMs now = clock_.Now();
    if (!check->schedule.Finish(run, now)) return;
    CheckReport& report = check->report;
    report.duration_seconds = static_cast<double>(clock_.MonotonicNs() - check->started_ns) / 1e9;
    report.checked_at = now;
    const bool changed = check->rise_and_fall.Note(outcome.ok);
    report.status = check->rise_and_fall.status();
    report.reason = outcome.ok ? (report.status == CheckStatus::kDown ? report.reason : "") : std::move(outcome.reason);
    if (changed) {
      report.changed_at = now;
      LogChange(report);
    }
    WriteSeries(*check, now);
  }

  static void LogChange(const CheckReport& report) {
    if (report.status == CheckStatus::kUp) {
      log::Info("health check passes", {{"check", report.name}});
    } else {
      log::Warn("health check fails",
                {{"check", report.name}, {"critical", report.critical}, {"reason", report.reason}});
    }
  }

  void WriteSeries(Check& check, TimestampMs now) {
    const auto appender = out_.NewAppender();
    appender->SetSource("health");
    DescribeSeries(*appender);
    check.up.Append(*appender, now, check.report.status == CheckStatus::kUp ? 1 : 0);
    check.duration.Append(*appender, now, check.report.duration_seconds);
    (void)appender->Commit();  // counted by the store
  }

  // Ends the series that no check of now will write.
  void EndSeries(const std::vector<std::shared_ptr<Check>>& before) {
    const auto still_written = [&](const Labels& labels) {
      return std::any_of(checks_.begin(), checks_.end(), [&](const auto& check) {
        return check->up.labels == labels || check->duration.labels == labels;
      });
    };
    const auto appender = out_.NewAppender();
    appender->SetSource("health");
    for (const auto& check : before) {
      for (Series* series : {&check->up, &check->duration}) {
        if (series->ref != 0 && !still_written(series->labels)) series->Append(*appender, clock_.Now(), StaleMarker());
      }
    }
    (void)appender->Commit();
  }

  HttpClient& http_;
  TcpProbe tcp_;
  Appendable& out_;
  const Clock& clock_;
  std::vector<std::shared_ptr<Check>> checks_;
};

HealthChecker::HealthChecker(HttpClient& http, TcpProbe tcp, Appendable& out, const Clock& clock)
    : state_(std::make_shared<State>(http, std::move(tcp), out, clock)) {}
HealthChecker::~HealthChecker() = default;

void HealthChecker::Replace(std::vector<CheckSpec> checks) {
  state_->Replace(std::move(checks));
}
std::optional<TimestampMs> HealthChecker::NextDue() const {
  return state_->NextDue();
}
void HealthChecker::RunDue(TimestampMs now) {
  state_->RunDue(now);
}
std::vector<CheckReport> HealthChecker::Reports() const {
  return state_->Reports();
}

}  // namespace tickbird::health
