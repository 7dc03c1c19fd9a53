#include "agent/samplers/host/netdev.h"

#include <iterator>

#include "agent/samplers/name_filter.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr std::string_view kFile = "/proc/net/dev";
constexpr int kHeaderLines = 2;

#define TICKBIRD_NETDEV_COLUMN(name) \
  {"node_network_" name "_total", MetricType::kCounter, "Network device statistic " name "."}
constexpr Column kColumns[] = {
    TICKBIRD_NETDEV_COLUMN("receive_bytes"),      TICKBIRD_NETDEV_COLUMN("receive_packets"),
    TICKBIRD_NETDEV_COLUMN("receive_errs"),       TICKBIRD_NETDEV_COLUMN("receive_drop"),
    TICKBIRD_NETDEV_COLUMN("receive_fifo"),       TICKBIRD_NETDEV_COLUMN("receive_frame"),
    TICKBIRD_NETDEV_COLUMN("receive_compressed"), TICKBIRD_NETDEV_COLUMN("receive_multicast"),
    TICKBIRD_NETDEV_COLUMN("transmit_bytes"),     TICKBIRD_NETDEV_COLUMN("transmit_packets"),
    TICKBIRD_NETDEV_COLUMN("transmit_errs"),      TICKBIRD_NETDEV_COLUMN("transmit_drop"),
    TICKBIRD_NETDEV_COLUMN("transmit_fifo"),      TICKBIRD_NETDEV_COLUMN("transmit_colls"),
    TICKBIRD_NETDEV_COLUMN("transmit_carrier"),   TICKBIRD_NETDEV_COLUMN("transmit_compressed"),
};
#undef TICKBIRD_NETDEV_COLUMN
static_assert(std::size(kColumns) == Netdev::kFields);

bool ParseDevice(std::string_view line, Netdev::Device& device) {
  // The last colon: an alias such as eth0:1 has one in its name.
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view name = line.substr(0, colon);
  device.name = TakeField(name);
  line.remove_prefix(colon + 1);
  for (std::uint64_t& value : device.values) {
    if (!TakeUint(line, value)) return false;
  }
  return !device.name.empty();
}

class NetdevCollector final : public Collector {
 public:
  NetdevCollector(const CollectorContext& context, NameFilter exclude)
      : Collector(context, context.options.limits.devices),
        file_(context.options.procfs + "/net/dev"),
        exclude_(std::move(exclude)) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file_.Read(batch.buffer()));
    TICKBIRD_RETURN_IF_ERROR(ParseNetdev(text, netdev_));
    for (const Netdev::Device& device : netdev_.devices) {
      Row* const row = table_.Touch(batch, device.name, [&](RowBuilder& builder) {
        if (!exclude_.Picks(device.name)) builder.Label("device", device.name).Add(kColumns);
      });
      if (row == nullptr) continue;
      for (std::size_t i = 0; i < device.values.size(); ++i) row->Set(batch, i, device.values[i]);
    }
    return {};
  }

  ProcFile file_;
  NameFilter exclude_;
  Netdev netdev_;
};

}  // namespace

Status ParseNetdev(std::string_view text, Netdev& out) {
  out.devices.clear();
  Lines lines(text);
  for (int i = 0; i < kHeaderLines; ++i) {
    if (!lines.Next() || lines.line().find('|') == std::string_view::npos) {
      return MalformedLine(kFile, i + 1, "a header with |", lines.line());
    }
  }
  while (lines.Next()) {
    if (!ParseDevice(lines.line(), out.devices.emplace_back())) {
      return MalformedLine(kFile, lines.number(), "name: and 16 numbers", lines.line());
    }
  }
  return {};
}

Result<std::unique_ptr<Collector>> MakeNetdevCollector(const CollectorContext& context) {
  TICKBIRD_ASSIGN_OR_RETURN(NameFilter exclude,
                            NameFilter::Create("network_exclude", context.options.filters.network_exclude));
  return std::make_unique<NetdevCollector>(context, std::move(exclude));
}

}  // namespace tickbird::samplers
