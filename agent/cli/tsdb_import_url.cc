#include <algorithm>
#include <cstdio>

#include <fmt/core.h>

#include "agent/cli/client.h"
#include "agent/cli/range_answer.h"
#include "agent/cli/tsdb_commands.h"
#include "agent/cli/tsdb_support.h"
#include "core/base/duration.h"
#include "core/tsdb/tools/sample_collector.h"

namespace tickbird::cli {
namespace {

constexpr DurationMs kLongestWindow = kHourMs;
constexpr DurationMs kShortestWindow = kMinuteMs;

/// Asks a server for raw samples, window after window: an instant query with a range selector answers them as they are
/// stored. A window that is too much for the server is asked for in halves.
class UrlImporter {
 public:
  UrlImporter(const TsdbImportUrlOptions& options, tsdb::SampleCollector* collector)
      : options_(options), collector_(*collector) {}

  /// The samples with begin < t <= end.
  Status Run(TimestampMs begin, TimestampMs end) {
    DurationMs window = kLongestWindow;
    while (begin < end) {
      const DurationMs asked = std::min(window, end - begin);
      auto answer = Ask(begin + asked, asked);
      if (!answer && window > kShortestWindow && IsTooMuch(answer.error())) {
        window = std::max(kShortestWindow, window / 2);
        continue;
      }
      if (!answer) return answer.error();
      TICKBIRD_RETURN_IF_ERROR(Take(*answer, begin, begin + asked));
      begin += asked;
    }
    return {};
  }
  std::int64_t histograms() const { return histograms_; }

 private:
  /// The server's limits are errors of its own; an answer that is cut off does not parse.
  static bool IsTooMuch(const Error& error) {
    return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kCorruption;
  }

  Result<RangeAnswer> Ask(TimestampMs end, DurationMs window) {
    const std::string query = fmt::format("{}[{}]", options_.match, FormatDuration(window));
    const std::string time = fmt::format("{}.{:03}", end / kSecondMs, end % kSecondMs);
    auto response =
        CallServer("POST", options_.import.source + "/api/v1/query", FormEncode({{"query", query}, {"time", time}}));
    if (!response) {
      return Error{ErrorCode::kNotFound,
                   fmt::format("{} does not answer: {}", options_.import.source, response.error().message)};
    }
    auto answer = ParseRangeAnswer(response->body);
    if (answer || response->status == 200) return answer;
    return Error{answer.error().code,
                 fmt::format("{} answered {}: {}", options_.import.source, response->status, answer.error().message)};
  }

  /// Up to Prometheus 2 windows were closed on both sides: the sample at `begin` came with the window before.
  Status Take(const RangeAnswer& answer, TimestampMs begin, TimestampMs end) {
    histograms_ += answer.histograms;
    for (const AnsweredSeries& series : answer.series) {
      for (const Sample& sample : series.samples) {
        if (sample.timestamp <= begin || sample.timestamp > end) continue;
        TICKBIRD_RETURN_IF_ERROR(collector_.Add(series.labels, sample.timestamp, sample.value));
      }
    }
    return {};
  }

  const TsdbImportUrlOptions& options_;
  tsdb::SampleCollector& collector_;
  std::int64_t histograms_ = 0;
};

}  // namespace

int TsdbImportUrl(const TsdbImportUrlOptions& options) {
  PosixFs fs;
  const auto path = FindDirectory(options.import.directory);
  if (!path) return TsdbFail(path.error());
  const auto since = ParseDuration(options.since);
  if (!since) return TsdbFail(WithContext("--since", since.error()));
  if (const auto selector = ParseSelector(options.match); !selector) return TsdbFail(selector.error());
  const auto stage = tsdb::ImportStage::Open(fs, *path, NowMs());
  if (!stage) return TsdbFail(stage.error());
  const TimestampMs end = (*stage)->limit() - 1;
  if ((*stage)->limit() < NowMs() - kMinuteMs)
    fmt::print(stderr, "tickbird: importing up to {}: {} belongs to the agent itself\n", FormatTimestamp(end),
               (*stage)->limit_reason());
  tsdb::SampleCollector collector(stage->get());
  UrlImporter importer(options, &collector);
  Status imported = importer.Run(std::min(end, NowMs() - *since), end);
  if (imported) imported = collector.Finish();
  if (!imported) return TsdbFail(imported.error());
  if (importer.histograms() > 0)
    fmt::print(stderr, "tickbird: left out {} native histograms, which the query API rounds\n", importer.histograms());
  return CommitImport(**stage, 0);
}

}  // namespace tickbird::cli
