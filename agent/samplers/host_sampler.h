#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/samplers/options.h"
#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/appender.h"

namespace tickbird::samplers {

/// How one collector fares.
struct CollectorStats {
  std::string_view name;
  std::uint64_t runs = 0;
  std::uint64_t failures = 0;
  std::uint64_t dropped = 0;  ///< things not recorded because of SamplerLimits, counted at each sample anew
  bool last_success = false;
  double last_duration_seconds = 0;
  std::string last_error;  ///< empty after a success
};

struct SamplerStats {
  std::uint64_t samples = 0;
  std::uint64_t appended = 0;  ///< values and stale markers
  std::uint64_t refused = 0;   ///< by the Appender
  std::vector<CollectorStats> collectors;
};

/// The names that SamplerOptions::collectors may hold.
std::vector<std::string_view> CollectorNames();

/// Reads this machine, container and process into series with the names of node_exporter, cAdvisor and
/// process-exporter. The files stay open between samples; in steady state a sample allocates nothing and costs a third
/// of a millisecond of CPU. Not thread safe: one thread calls Sample. Sampling only reads; a failing collector never
/// stops the others.
class HostSampler {
 public:
  /// `clock` measures how long collectors take and must outlive the sampler. kInvalidArgument when a collector's name
  /// is unknown or an expression of the filters or process groups is none. What this machine lacks is no error here: it
  /// shows in the collector's success.
  static Result<std::unique_ptr<HostSampler>> Create(SamplerOptions options, const Clock& clock);
  ~HostSampler();

  /// Takes one sample: appends all values with the timestamp `now` to `appender`, which the caller commits. Collectors
  /// marked slow run at the first call and then every options.slow_every, spread over the calls. A series whose source
  /// is gone ends with a stale marker. Families are described to the appender that first sees them, so that batch
  /// should be committed.
  void Sample(TimestampMs now, Appender& appender);

  const SamplerStats& stats() const;

 private:
  class Impl;
  explicit HostSampler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tickbird::samplers
