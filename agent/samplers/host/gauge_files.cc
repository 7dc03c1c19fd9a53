#include "agent/samplers/host/gauge_files.h"

#include <string>
#include <vector>

#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

struct GaugeFile {
  std::string_view path;  // below procfs
  Column column;
};

constexpr GaugeFile kConntrack[] = {
    {"/sys/net/netfilter/nf_conntrack_count",
     {"node_nf_conntrack_entries", MetricType::kGauge,
      "Number of currently allocated flow entries for connection tracking."}},
    {"/sys/net/netfilter/nf_conntrack_max",
     {"node_nf_conntrack_entries_limit", MetricType::kGauge, "Maximum size of connection tracking table."}},
};
constexpr GaugeFile kEntropy[] = {
    {"/sys/kernel/random/entropy_avail",
     {"node_entropy_available_bits", MetricType::kGauge, "Bits of available entropy."}},
    {"/sys/kernel/random/poolsize", {"node_entropy_pool_size_bits", MetricType::kGauge, "Bits of entropy pool."}},
};

// Files that hold one number each.
class GaugeFilesCollector final : public Collector {
 public:
  GaugeFilesCollector(const CollectorContext& context, std::span<const GaugeFile> files) : Collector(context, 1) {
    for (const GaugeFile& file : files) {
      files_.emplace_back(context.options.procfs + std::string(file.path));
      columns_.push_back(file.column);
    }
    values_.resize(files_.size());
  }

 private:
  Status Collect(Batch& batch) override {
    for (std::size_t i = 0; i < files_.size(); ++i) {
      TICKBIRD_ASSIGN_OR_RETURN(std::string_view text, files_[i].Read(batch.buffer()));
      const std::string_view line = TakeLine(text);
      if (!ParseUint(line, values_[i])) return MalformedLine(files_[i].path(), 1, "a number", line);
    }
    Row& row = table_.Only(batch, columns_);
    for (std::size_t i = 0; i < values_.size(); ++i) row.Set(batch, i, values_[i]);
    return {};
  }

  std::vector<ProcFile> files_;
  std::vector<Column> columns_;
  std::vector<std::uint64_t> values_;
};

}  // namespace

std::unique_ptr<Collector> MakeConntrackCollector(const CollectorContext& context) {
  return std::make_unique<GaugeFilesCollector>(context, kConntrack);
}

std::unique_ptr<Collector> MakeEntropyCollector(const CollectorContext& context) {
  return std::make_unique<GaugeFilesCollector>(context, kEntropy);
}

}  // namespace tickbird::samplers
