#include "agent/samplers/host/diskstats.h"

#include <iterator>
#include <span>

#include "agent/samplers/name_filter.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr MetricType kCounter = MetricType::kCounter;
constexpr double kSectorBytes = 512;
constexpr double kMsPerSecond = 1000;

// What becomes of field i of the file, in its order: the factor that brings it to the metric's unit, and the metric.
struct DiskColumn {
  double divide_by;
  double multiply_by;
  Column column;
};
constexpr DiskColumn kMetrics[] = {
    {1, 1, {"node_disk_reads_completed_total", kCounter, "The total number of reads completed successfully."}},
    {1, 1, {"node_disk_reads_merged_total", kCounter, "The total number of reads merged."}},
    {1, kSectorBytes, {"node_disk_read_bytes_total", kCounter, "The total number of bytes read successfully."}},
    {kMsPerSecond,
     1,
     {"node_disk_read_time_seconds_total", kCounter, "The total number of seconds spent by all reads."}},
    {1, 1, {"node_disk_writes_completed_total", kCounter, "The total number of writes completed successfully."}},
    {1, 1, {"node_disk_writes_merged_total", kCounter, "The number of writes merged."}},
    {1, kSectorBytes, {"node_disk_written_bytes_total", kCounter, "The total number of bytes written successfully."}},
    {kMsPerSecond,
     1,
     {"node_disk_write_time_seconds_total", kCounter, "This is the total number of seconds spent by all writes."}},
    {1, 1, {"node_disk_io_now", MetricType::kGauge, "The number of I/Os currently in progress."}},
    {kMsPerSecond, 1, {"node_disk_io_time_seconds_total", kCounter, "Total seconds spent doing I/Os."}},
    {kMsPerSecond,
     1,
     {"node_disk_io_time_weighted_seconds_total", kCounter, "The weighted # of seconds spent doing I/Os."}},
    {1, 1, {"node_disk_discards_completed_total", kCounter, "The total number of discards completed successfully."}},
    {1, 1, {"node_disk_discards_merged_total", kCounter, "The total number of discards merged."}},
    {1, 1, {"node_disk_discarded_sectors_total", kCounter, "The total number of sectors discarded successfully."}},
    {kMsPerSecond,
     1,
     {"node_disk_discard_time_seconds_total", kCounter, "This is the total number of seconds spent by all discards."}},
    {1, 1, {"node_disk_flush_requests_total", kCounter, "The total number of flush requests completed successfully"}},
    {kMsPerSecond,
     1,
     {"node_disk_flush_requests_time_seconds_total", kCounter,
      "This is the total number of seconds spent by all flush requests."}},
};
static_assert(std::size(kMetrics) == Diskstats::kFields);

bool ParseDevice(std::string_view line, Diskstats::Device& device) {
  std::uint64_t number = 0;
  if (!TakeUint(line, number) || !TakeUint(line, number)) return false;  // major and minor
  device.name = TakeField(line);
  while (device.field_count < Diskstats::kFields) {
    const std::string_view field = TakeField(line);
    if (field.empty()) break;
    if (!ParseUint(field, device.values[device.field_count++])) return false;
  }
  return device.field_count >= Diskstats::kFieldsOfOldestKernel;
}

class DiskstatsCollector final : public Collector {
 public:
  DiskstatsCollector(const CollectorContext& context, NameFilter exclude)
      : Collector(context, context.options.limits.devices),
        file_(context.options.procfs + "/diskstats"),
        exclude_(std::move(exclude)) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file_.Read(batch.buffer()));
    TICKBIRD_RETURN_IF_ERROR(ParseDiskstats(text, diskstats_));
    for (const Diskstats::Device& device : diskstats_.devices) {
      Row* const row = table_.Touch(batch, device.name, [&](RowBuilder& builder) { Build(device, builder); });
      if (row == nullptr) continue;
      for (std::size_t i = 0; i < device.field_count; ++i) {
        const DiskColumn& metric = kMetrics[i];
        row->Set(batch, i, static_cast<double>(device.values[i]) * metric.multiply_by / metric.divide_by);
      }
    }
    return {};
  }

  void Build(const Diskstats::Device& device, RowBuilder& builder) const {
    if (exclude_.Picks(device.name)) return;
    builder.Label("device", device.name);
    for (std::size_t i = 0; i < device.field_count; ++i) builder.Add(kMetrics[i].column);
  }

  ProcFile file_;
  NameFilter exclude_;
  Diskstats diskstats_;
};

}  // namespace

Status ParseDiskstats(std::string_view text, Diskstats& out) {
  out.devices.clear();
  for (Lines lines(text); lines.Next();) {
    if (!ParseDevice(lines.line(), out.devices.emplace_back())) {
      return MalformedLine("/proc/diskstats", lines.number(), "major, minor, name and at least 11 numbers",
                           lines.line());
    }
  }
  return {};
}

Result<std::unique_ptr<Collector>> MakeDiskstatsCollector(const CollectorContext& context) {
  TICKBIRD_ASSIGN_OR_RETURN(NameFilter exclude,
                            NameFilter::Create("disk_exclude", context.options.filters.disk_exclude));
  return std::make_unique<DiskstatsCollector>(context, std::move(exclude));
}

}  // namespace tickbird::samplers
