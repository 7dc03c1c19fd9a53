#include "agent/samplers/host/netstat.h"

#include <string>

#include "agent/samplers/metric_name.h"
#include "agent/samplers/name_filter.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

// The word before the colon, which `line` loses.
std::string_view TakeProtocol(std::string_view& line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view protocol = line.substr(0, colon);
  line.remove_prefix(colon + 1);
  return protocol;
}

bool ParsePair(std::string_view names, std::string_view values, Netstat& out) {
  const std::string_view protocol = TakeProtocol(names);
  if (protocol.empty() || TakeProtocol(values) != protocol) return false;
  for (;;) {
    const std::string_view name = TakeField(names);
    const std::string_view value = TakeField(values);
    if (name.empty() || value.empty()) return name.empty() && value.empty();
    Netstat::Field& field = out.fields.emplace_back(Netstat::Field{.protocol = protocol, .name = name});
    if (!ParseInteger(value, field.value)) return false;
  }
}

class NetstatCollector final : public Collector {
 public:
  NetstatCollector(const CollectorContext& context, NameFilter include)
      : Collector(context, context.options.limits.fields),
        netstat_(context.options.procfs + "/net/netstat"),
        snmp_(context.options.procfs + "/net/snmp"),
        snmp6_(context.options.procfs + "/net/snmp6"),
        include_(std::move(include)) {}

 private:
  Status Collect(Batch& batch) override {
    for (ProcFile* const file : {&netstat_, &snmp_}) {
      TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file->Read(batch.buffer()));
      TICKBIRD_RETURN_IF_ERROR(ParseNetstat(file->path(), text, fields_));
      Append(batch);
    }
    const Result<std::string_view> text = snmp6_.Read(batch.buffer());
    if (!text && text.error().code == ErrorCode::kNotFound) return {};
    if (!text) return text.error();
    TICKBIRD_RETURN_IF_ERROR(ParseSnmp6(*text, fields_));
    Append(batch);
    return {};
  }

  void Append(Batch& batch) {
    for (const Netstat::Field& field : fields_.fields) {
      key_.assign(field.protocol).append(1, '_').append(field.name);
      Row* const row = table_.Touch(batch, key_, [&](RowBuilder& builder) { Build(field, builder); });
      if (row != nullptr) row->Set(batch, 0, field.value);
    }
  }

  void Build(const Netstat::Field& field, RowBuilder& builder) const {
    if (!include_.Picks(key_)) return;
    const std::string help = "Statistic " + std::string(field.protocol) + std::string(field.name) + ".";
    builder.Add({.name = "node_netstat_" + MetricNamePart(key_), .help = help});
  }

  ProcFile netstat_;
  ProcFile snmp_;
  ProcFile snmp6_;
  NameFilter include_;
  Netstat fields_;
  std::string key_;  // of the field at hand: "Tcp_InSegs"
};

}  // namespace

Status ParseNetstat(std::string_view file, std::string_view text, Netstat& out) {
  out.fields.clear();
  for (Lines lines(text); lines.Next();) {
    const std::string_view names = lines.line();
    const bool has_values = lines.Next();
    if (!has_values || !ParsePair(names, lines.line(), out)) {
      return MalformedLine(file, lines.number(), "as many numbers as the line before has names", lines.line());
    }
  }
  return {};
}

Status ParseSnmp6(std::string_view text, Netstat& out) {
  out.fields.clear();
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    const std::string_view name = TakeField(rest);
    double value = 0;
    if (!ParseInteger(TakeField(rest), value)) {
      return MalformedLine("/proc/net/snmp6", lines.number(), "a name and a number", lines.line());
    }
    const std::size_t six = name.find('6');
    if (six == std::string_view::npos) continue;
    out.fields.push_back({.protocol = name.substr(0, six + 1), .name = name.substr(six + 1), .value = value});
  }
  return {};
}

Result<std::unique_ptr<Collector>> MakeNetstatCollector(const CollectorContext& context) {
  TICKBIRD_ASSIGN_OR_RETURN(NameFilter include,
                            NameFilter::Create("netstat_include", context.options.filters.netstat_include));
  return std::make_unique<NetstatCollector>(context, std::move(include));
}

}  // namespace tickbird::samplers
