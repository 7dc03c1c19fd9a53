#include "agent/app/self_metrics.h"

#include <array>
#include <map>
#include <string>
#include <utility>

#include "agent/app/metric_sheet.h"
#include "agent/app/version.h"

namespace tickbird::app {
namespace {

constexpr double kNsPerSecond = 1e9;
constexpr double kUsPerSecond = 1e6;
constexpr double kMsPerSecond = 1e3;

/// Counters come in several integer types; a metric is a double.
template <class Number>
double D(Number number) {
  return static_cast<double>(number);
}

void WriteHead(MetricSheet& sheet, const tsdb::HeadStats& stats, std::size_t limit) {
  sheet.Gauge("tickbird_tsdb_series", "Series in memory.", D(stats.series));
  sheet.Gauge("tickbird_tsdb_series_limit", "Series that may be in memory; new ones past it are refused.", D(limit));
  sheet.Gauge("tickbird_tsdb_chunks", "Finished chunks in memory.", D(stats.chunks));
  sheet.Gauge("tickbird_tsdb_chunk_bytes", "Compressed samples in memory.", D(stats.chunk_bytes));
  sheet.Gauge("tickbird_tsdb_chunks_on_disk", "Finished chunks of the head that are on disk.", D(stats.spilled_chunks));
  sheet.Gauge("tickbird_tsdb_head_memory_bytes", "Memory of the head: series, samples, index.", D(stats.memory_bytes));
  for (const tsdb::SourceStats& source : stats.sources) {
    sheet.Gauge("tickbird_tsdb_source_series", "Series in memory by who sent them.", D(source.series),
                {{"source", source.name}});
  }
  for (const tsdb::SourceStats& source : stats.sources) {
    sheet.Counter("tickbird_tsdb_source_series_refused_total",
                  "Samples of new series that were refused at the series limit, by who sent them.",
                  D(source.series_refused), {{"source", source.name}});
  }
  sheet.Gauge("tickbird_tsdb_label_bytes", "Label sets in memory.", D(stats.label_bytes));
  sheet.Gauge("tickbird_tsdb_index_bytes", "Index of labels in memory.", D(stats.index_bytes));
  sheet.Counter("tickbird_tsdb_samples_appended_total", "Samples taken into the store.", D(stats.samples_appended));
  sheet.Counter("tickbird_tsdb_samples_out_of_order_total",
                "Samples taken that were older than the newest of their series.", D(stats.samples_out_of_order));
  for (std::size_t i = 0; i < tsdb::kRefusedReasons; ++i) {
    sheet.Counter("tickbird_tsdb_samples_refused_total", "Samples that the store refused, by reason.",
                  D(stats.samples_refused[i]),
                  {{"reason", tsdb::RefusedReasonName(static_cast<tsdb::RefusedReason>(i))}});
  }
  sheet.Counter("tickbird_tsdb_series_created_total", "Series made.", D(stats.series_created));
  sheet.Counter("tickbird_tsdb_series_expired_total", "Series forgotten because nothing came for them.",
                D(stats.series_expired));
  sheet.Counter("tickbird_tsdb_chunks_evicted_total", "Chunks dropped before their time because of the size limit.",
                D(stats.chunks_evicted));
}

void WriteLogs(MetricSheet& sheet, const tsdb::HeadStats& stats) {
  sheet.Gauge("tickbird_tsdb_wal_bytes", "Write-ahead log on disk.", D(stats.wal.bytes));
  sheet.Gauge("tickbird_tsdb_wbl_bytes", "Log of late samples on disk.", D(stats.wbl.bytes));
  sheet.Gauge("tickbird_tsdb_head_chunk_bytes", "Chunks of the head on disk.", D(stats.head_chunks.bytes));
  sheet.Counter("tickbird_tsdb_head_chunk_failures_total", "Writes and syncs of chunks of the head that failed.",
                D(stats.head_chunks.write_failures + stats.head_chunks.sync_failures));
  sheet.Counter("tickbird_tsdb_wal_failures_total", "Writes to the write-ahead log that failed.",
                D(stats.wal_failures));
  sheet.Counter("tickbird_tsdb_wal_samples_lost_total", "Samples that are in memory but could not be logged.",
                D(stats.wal_samples_lost));
  sheet.Counter("tickbird_tsdb_wal_sync_failures_total", "Syncs of the write-ahead log that failed.",
                D(stats.sync_failures));
}

void WriteBlocks(MetricSheet& sheet, const tsdb::StoreStats& stats) {
  sheet.Gauge("tickbird_tsdb_blocks", "Blocks on disk.", D(stats.blocks));
  sheet.Gauge("tickbird_tsdb_block_bytes", "Size of the blocks on disk.", D(stats.block_bytes));
  sheet.Gauge("tickbird_tsdb_block_memory_bytes", "Memory of open blocks: tables of the index and caches.",
              D(stats.block_memory_bytes));
  sheet.Gauge("tickbird_tsdb_memory_bytes", "Memory of the store: head and blocks.", D(stats.memory_bytes));
  sheet.Gauge("tickbird_tsdb_storage_bytes", "Blocks, logs and chunks of the head on disk.", D(stats.storage_bytes));
  sheet.Gauge("tickbird_tsdb_lowest_timestamp_seconds", "Time of the oldest sample held.",
              D(stats.min_time) / kMsPerSecond);
  sheet.Counter("tickbird_tsdb_compactions_total", "Compactions tried: of the head, and of blocks.",
                D(stats.compactions));
  sheet.Counter("tickbird_tsdb_compaction_failures_total", "Compactions that failed; they are tried again.",
                D(stats.compaction_failures));
  sheet.Gauge("tickbird_tsdb_compactions_waiting", "Head or blocks whose last compaction failed.",
              D(stats.compactions_waiting));
  sheet.Counter("tickbird_tsdb_compaction_seconds_total", "Time spent in compactions.",
                D(stats.compaction_ns) / kNsPerSecond);
  sheet.Counter("tickbird_tsdb_blocks_deleted_total", "Blocks deleted by the retention, by reason.",
                D(stats.blocks_deleted_time), {{"reason", "time"}});
  sheet.Counter("tickbird_tsdb_blocks_deleted_total", "", D(stats.blocks_deleted_size), {{"reason", "size"}});
  sheet.Counter("tickbird_tsdb_blocks_damaged_total", "Blocks set aside because a part of them is damaged.",
                D(stats.blocks_damaged));
  sheet.Counter("tickbird_tsdb_damaged_reads_total", "Entries of blocks that reads left out as damaged.",
                D(stats.damaged_reads));
  sheet.Gauge("tickbird_tsdb_removals_waiting", "Blocks that are no longer used and could not be removed yet.",
              D(stats.removals_waiting));
  sheet.Counter("tickbird_tsdb_removal_failures_total", "Removals of blocks that failed; they are tried again.",
                D(stats.removal_failures));
}

void WriteRules(MetricSheet& sheet, const rules::EngineStats& stats) {
  sheet.Gauge("tickbird_rules", "Rules loaded.", D(stats.rules));
  sheet.Counter("tickbird_rule_evaluations_total", "Evaluations of rules.", D(stats.evaluations));
  sheet.Counter("tickbird_rule_evaluation_failures_total", "Evaluations that ended in an error.", D(stats.failures));
  sheet.Counter("tickbird_rule_evaluations_missed_total", "Evaluations left out because they came too late.",
                D(stats.missed));
  sheet.Counter("tickbird_rule_evaluation_seconds_total", "Time spent evaluating rules.",
                D(stats.evaluation_ns) / kNsPerSecond);
  sheet.Gauge("tickbird_alerts", "Alert instances by state.", D(stats.pending), {{"state", "pending"}});
  sheet.Gauge("tickbird_alerts", "", D(stats.firing), {{"state", "firing"}});
}

/// What one receiver got by one kind of integration; it may have several of a kind.
struct Deliveries {
  std::uint64_t delivered = 0;
  std::array<std::uint64_t, notify::kFailureReasons> attempts_failed{};
  std::size_t waiting = 0;
  DurationMs latency_sum = 0;
};

std::map<std::pair<std::string, std::string>, Deliveries> ByReceiver(const notify::NotifierStats& stats) {
  std::map<std::pair<std::string, std::string>, Deliveries> result;
  for (const auto& [integration, lane] : stats.lanes) {
    const auto kind = stats.kinds.find(integration);
    Deliveries& sum =
        result[{integration.substr(0, integration.rfind('/')), kind == stats.kinds.end() ? "" : kind->second}];
    sum.delivered += lane.delivered;
    for (std::size_t i = 0; i < notify::kFailureReasons; ++i) sum.attempts_failed[i] += lane.attempts_failed[i];
    sum.waiting += lane.messages;
    sum.latency_sum += lane.latency_sum;
  }
  return result;
}

void WriteNotifications(MetricSheet& sheet, const notify::NotifierStats& stats) {
  const auto receivers = ByReceiver(stats);
  for (const auto& [key, sum] : receivers) {
    sheet.Counter("tickbird_notifications_total", "Messages delivered.", D(sum.delivered),
                  {{"receiver", key.first}, {"integration", key.second}});
  }
  for (const auto& [key, sum] : receivers) {
    for (std::size_t i = 0; i < notify::kFailureReasons; ++i) {
      sheet.Counter("tickbird_notifications_failed_total", "Attempts at a delivery that failed, by reason.",
                    D(sum.attempts_failed[i]),
                    {{"receiver", key.first},
                     {"integration", key.second},
                     {"reason", notify::FailureReasonName(static_cast<notify::FailureReason>(i))}});
    }
  }
  for (const auto& [key, sum] : receivers) {
    sheet.Gauge("tickbird_outbox_messages", "Messages that wait for their delivery.", D(sum.waiting),
                {{"receiver", key.first}, {"integration", key.second}});
  }
  for (const auto& [key, sum] : receivers) {
    sheet.Counter("tickbird_notification_latency_seconds_total",
                  "Time from decision to delivery, summed over deliveries.", D(sum.latency_sum) / kMsPerSecond,
                  {{"receiver", key.first}, {"integration", key.second}});
  }
  sheet.Counter("tickbird_state_commits_total", "Transactions on the state of alerts.", D(stats.store.commits));
  sheet.Counter("tickbird_state_commit_failures_total",
                "Transactions on the state of alerts that failed; they are tried again.", D(stats.store.failures));
}

void WriteHttp(MetricSheet& sheet, const net::HttpStats& stats) {
  constexpr std::array<std::string_view, 6> kClasses = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  for (const net::HttpStats::Handler& handler : stats.handlers) {
    for (std::size_t i = 1; i < kClasses.size(); ++i) {
      // A pair of handler and class that never was is no series: there would be hundreds.
      if (handler.by_class[i] == 0) continue;
      sheet.Counter("tickbird_http_requests_total", "Requests answered.", D(handler.by_class[i]),
                    {{"handler", handler.pattern}, {"code", kClasses[i]}});
    }
  }
  std::uint64_t total_us = 0;
  for (const net::HttpStats::Handler& handler : stats.handlers) total_us += handler.total_us;
  sheet.Counter("tickbird_http_request_seconds_total", "Time spent answering requests.", D(total_us) / kUsPerSecond);
  for (int i = 0; i < net::kRejectReasons; ++i) {
    sheet.Counter("tickbird_http_rejected_total", "Requests that reached no handler, by reason.",
                  D(stats.rejected[static_cast<std::size_t>(i)]),
                  {{"reason", net::RejectReasonName(static_cast<net::RejectReason>(i))}});
  }
  sheet.Gauge("tickbird_http_connections", "Open connections.", D(stats.connections));
}

void WriteProcess(MetricSheet& sheet, const SelfMetricSources& sources) {
  sheet.Counter("tickbird_sampling_ticks_missed_total",
                "Ticks left out because the last one took too long or the machine slept.",
                D(sources.sampling.missed_ticks()));
  sheet.Counter("tickbird_sampling_seconds_total", "Time spent taking samples and committing them.",
                D(sources.sampling.busy_ns()) / kNsPerSecond);
  for (const samplers::CollectorStats& collector : sources.sampler.stats().collectors) {
    sheet.Counter("tickbird_collector_failures_total", "Failed runs of a collector.", D(collector.failures),
                  {{"collector", collector.name}});
  }
  const net::EventHub::Stats dashboard = sources.dashboard.stats();
  sheet.Gauge("tickbird_dashboard_streams", "Pages that follow the live stream.", D(dashboard.subscribers));
  sheet.Counter("tickbird_dashboard_streams_dropped_total", "Streams cut because the page was too slow.",
                D(dashboard.dropped_slow));
  sheet.Counter("tickbird_worker_jobs_total", "Jobs done by the worker pool.", D(sources.workers.stats().done));
  sheet.Counter("tickbird_worker_jobs_refused_total", "Jobs refused because too many waited.",
                D(sources.workers.stats().refused));
  sheet.Gauge("tickbird_egress_requests", "Requests to others under way.", D(sources.egress.stats().waiting));
  sheet.Gauge("tickbird_config_last_reload_successful", "1 when the last load of the configuration succeeded.",
              sources.reload.last_successful ? 1 : 0);
  sheet.Gauge("tickbird_config_last_reload_success_timestamp_seconds", "When the configuration was last loaded.",
              D(sources.reload.last_success) / kMsPerSecond);
  sheet.Gauge("tickbird_build_info", "1, with the version as labels.", 1,
              {{"version", kVersion}, {"revision", kRevision}});
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectSelfMetrics(const SelfMetricSources& sources) {
  MetricSheet sheet;
  const tsdb::StoreStats store = sources.store.Stats();
  WriteHead(sheet, store.head, sources.series_limit);
  WriteLogs(sheet, store.head);
  WriteBlocks(sheet, store);
  WriteRules(sheet, sources.engine.Stats());
  WriteNotifications(sheet, sources.notifier.Stats());
  WriteHttp(sheet, sources.http.stats());
  WriteProcess(sheet, sources);
  return std::move(sheet).Take();
}

}  // namespace tickbird::app
