#include "agent/samplers/host/sockstat.h"

#include <unistd.h>

#include <string>

#include "agent/samplers/metric_name.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

class SockstatCollector final : public Collector {
 public:
  explicit SockstatCollector(const CollectorContext& context)
      : Collector(context, context.options.limits.fields),
        files_{ProcFile(context.options.procfs + "/net/sockstat"), ProcFile(context.options.procfs + "/net/sockstat6")},
        page_bytes_(context.options.page_size) {}

 private:
  Status Collect(Batch& batch) override {
    bool has_any = false;
    for (ProcFile& file : files_) {
      const Result<std::string_view> text = file.Read(batch.buffer());
      if (!text && text.error().code == ErrorCode::kNotFound) continue;
      if (!text) return text.error();
      TICKBIRD_RETURN_IF_ERROR(ParseSockstat(*text, sockstat_));
      for (const Sockstat::Field& field : sockstat_.fields) Append(batch, field);
      has_any = true;
    }
    if (has_any) return {};
    return Error{.code = ErrorCode::kNotFound, .message = files_[0].path() + ": no such file, nor sockstat6"};
  }

  void Append(Batch& batch, const Sockstat::Field& field) {
    key_.assign(field.protocol).append(1, '_').append(field.name);
    const bool is_pages = field.name == "mem";
    Row* const row = table_.Touch(batch, key_, [&](RowBuilder& builder) {
      AddColumn(field.protocol, field.name, builder);
      if (is_pages) AddColumn(field.protocol, "mem_bytes", builder);
    });
    if (row == nullptr) return;
    row->Set(batch, 0, field.value);
    if (is_pages) row->Set(batch, 1, static_cast<double>(field.value) * static_cast<double>(page_bytes_));
  }

  static void AddColumn(std::string_view protocol, std::string_view state, RowBuilder& builder) {
    std::string help = "Number of " + std::string(protocol) + " sockets in state " + std::string(state) + ".";
    if (protocol == "sockets") help = "Number of IPv4 sockets in use.";
    const std::string name = "node_sockstat_" + MetricNamePart(protocol) + "_" + MetricNamePart(state);
    builder.Add({.name = name, .type = MetricType::kGauge, .help = help});
  }

  ProcFile files_[2];
  std::size_t page_bytes_;
  Sockstat sockstat_;
  std::string key_;
};

}  // namespace

Status ParseSockstat(std::string_view text, Sockstat& out) {
  out.fields.clear();
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    std::string_view protocol = TakeField(rest);
    const bool has_colon = protocol.ends_with(':') && protocol.size() > 1;
    if (has_colon) protocol.remove_suffix(1);
    bool is_good = has_colon;
    for (std::string_view name = TakeField(rest); is_good && !name.empty(); name = TakeField(rest)) {
      Sockstat::Field& field = out.fields.emplace_back(Sockstat::Field{.protocol = protocol, .name = name});
      is_good = TakeUint(rest, field.value);
    }
    if (!is_good) return MalformedLine("/proc/net/sockstat", lines.number(), "protocol: name number ...", lines.line());
  }
  return {};
}

std::unique_ptr<Collector> MakeSockstatCollector(const CollectorContext& context) {
  return std::make_unique<SockstatCollector>(context);
}

}  // namespace tickbird::samplers
