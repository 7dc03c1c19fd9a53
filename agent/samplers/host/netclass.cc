#include "agent/samplers/host/netclass.h"

#include <dirent.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <vector>

#include "agent/samplers/name_filter.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"
#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

constexpr double kBytesPerMegabit = 1e6 / 8;

constexpr Column kUp = {"node_network_up", MetricType::kGauge, "Value is 1 if operstate is 'up', 0 otherwise."};

// Files of an interface that hold one number.
struct NumberFile {
  const char* path;
  double multiply_by;
  Column column;
};
constexpr NumberFile kNumbers[] = {
    {"carrier", 1, {"node_network_carrier", MetricType::kGauge, "Network device property: carrier"}},
    {"carrier_changes",
     1,
     {"node_network_carrier_changes_total", MetricType::kCounter, "Network device property: carrier_changes_total"}},
    {"mtu", 1, {"node_network_mtu_bytes", MetricType::kGauge, "Network device property: mtu_bytes"}},
    {"speed",
     kBytesPerMegabit,
     {"node_network_speed_bytes", MetricType::kGauge, "Network device property: speed_bytes"}},
    {"tx_queue_len",
     1,
     {"node_network_transmit_queue_length", MetricType::kGauge, "Network device property: transmit_queue_length"}},
    {"statistics/rx_nohandler",
     1,
     {"node_network_receive_nohandler_total", MetricType::kCounter, "Network device statistic receive_nohandler."}},
};

class NetclassCollector final : public Collector {
 public:
  NetclassCollector(const CollectorContext& context, NameFilter exclude)
      : Collector(context, context.options.limits.devices),
        directory_(context.options.sysfs + "/class/net"),
        exclude_(std::move(exclude)) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::vector<std::string> names, Interfaces());
    for (const std::string& name : names) {
      Row* const row = table_.Touch(batch, name, [&](RowBuilder& builder) { Build(name, builder); });
      if (row != nullptr) Append(batch, *row, directory_ + "/" + name + "/");
    }
    return {};
  }

  Result<std::vector<std::string>> Interfaces() const {
    DIR* const directory = opendir(directory_.c_str());
    if (directory == nullptr) return ErrnoError(errno, "list " + directory_);
    std::vector<std::string> names;
    while (const dirent* const entry = readdir(directory)) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    closedir(directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  void Build(const std::string& name, RowBuilder& builder) const {
    if (exclude_.Picks(name)) return;
    builder.Label("device", name).Add(kUp);
    for (const NumberFile& file : kNumbers) builder.Add(file.column);
  }

  static void Append(Batch& batch, Row& row, const std::string& directory) {
    // bonding_masters lies beside the interfaces and is a plain file.
    const Result<std::string_view> state = ReadOnce(directory + "operstate", batch.buffer());
    if (!state) return;
    row.Set(batch, 0, Trim(*state) == "up" ? 1.0 : 0.0);
    for (std::size_t i = 0; i < std::size(kNumbers); ++i) {
      const Result<std::string_view> text = ReadOnce(directory + kNumbers[i].path, batch.buffer());
      std::uint64_t value = 0;
      // An unknown speed is -1, a carrier that cannot be known an error of the read.
      if (text && ParseUint(Trim(*text), value))
        row.Set(batch, i + 1, static_cast<double>(value) * kNumbers[i].multiply_by);
    }
  }

  std::string directory_;
  NameFilter exclude_;
};

}  // namespace

Result<std::unique_ptr<Collector>> MakeNetclassCollector(const CollectorContext& context) {
  TICKBIRD_ASSIGN_OR_RETURN(NameFilter exclude,
                            NameFilter::Create("network_exclude", context.options.filters.network_exclude));
  return std::make_unique<NetclassCollector>(context, std::move(exclude));
}

}  // namespace tickbird::samplers
