#include "agent/samplers/host/vmstat.h"

#include <string>

#include "agent/samplers/metric_name.h"
#include "agent/samplers/name_filter.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

class VmstatCollector final : public Collector {
 public:
  VmstatCollector(const CollectorContext& context, NameFilter include)
      : Collector(context, context.options.limits.fields),
        file_(context.options.procfs + "/vmstat"),
        include_(std::move(include)) {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file_.Read(batch.buffer()));
    TICKBIRD_RETURN_IF_ERROR(ParseVmstat(text, vmstat_));
    for (const Vmstat::Field& field : vmstat_.fields) {
      Row* const row = table_.Touch(batch, field.name, [&](RowBuilder& builder) { Build(field.name, builder); });
      if (row != nullptr) row->Set(batch, 0, field.value);
    }
    return {};
  }

  void Build(std::string_view field, RowBuilder& builder) const {
    if (!include_.Picks(field)) return;
    const std::string name = MetricNamePart(field);
    builder.Add({.name = "node_vmstat_" + name, .help = "/proc/vmstat information field " + name + "."});
  }

  ProcFile file_;
  NameFilter include_;
  Vmstat vmstat_;
};

}  // namespace

Status ParseVmstat(std::string_view text, Vmstat& out) {
  out.fields.clear();
  for (Lines lines(text); lines.Next();) {
    std::string_view rest = lines.line();
    Vmstat::Field& field = out.fields.emplace_back();
    field.name = TakeField(rest);
    if (!ParseInteger(TakeField(rest), field.value)) {
      return MalformedLine("/proc/vmstat", lines.number(), "a name and a number", lines.line());
    }
  }
  if (out.fields.empty()) return Error{.code = ErrorCode::kParse, .message = "/proc/vmstat is empty"};
  return {};
}

Result<std::unique_ptr<Collector>> MakeVmstatCollector(const CollectorContext& context) {
  TICKBIRD_ASSIGN_OR_RETURN(NameFilter include,
                            NameFilter::Create("vmstat_include", context.options.filters.vmstat_include));
  return std::make_unique<VmstatCollector>(context, std::move(include));
}

}  // namespace tickbird::samplers
