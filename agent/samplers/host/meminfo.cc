#include "agent/samplers/host/meminfo.h"

#include <string>

#include "agent/samplers/metric_name.h"
#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

bool ParseField(std::string_view line, Meminfo::Field& field) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  field.name = line.substr(0, colon);
  line.remove_prefix(colon + 1);
  if (!TakeUint(line, field.value)) return false;
  const std::string_view unit = TakeField(line);
  field.is_bytes = unit == "kB";
  if (field.is_bytes) field.value *= kKibibyte;
  return field.is_bytes || unit.empty();
}

class MeminfoCollector final : public Collector {
 public:
  explicit MeminfoCollector(const CollectorContext& context)
      : Collector(context, context.options.limits.fields), file_(context.options.procfs + "/meminfo") {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file_.Read(batch.buffer()));
    TICKBIRD_RETURN_IF_ERROR(ParseMeminfo(text, meminfo_));
    for (const Meminfo::Field& field : meminfo_.fields) {
      Row* const row = table_.Touch(batch, field.name, [&](RowBuilder& builder) { Build(field, builder); });
      if (row != nullptr) row->Set(batch, 0, field.value);
    }
    return {};
  }

  static void Build(const Meminfo::Field& field, RowBuilder& builder) {
    // "Active(anon)" becomes Active_anon: the closing parenthesis goes, the opening one is the separator.
    std::string_view name = field.name;
    if (name.ends_with(')')) name.remove_suffix(1);
    std::string metric = MetricNamePart(name);
    if (field.is_bytes) metric += "_bytes";
    builder.Add({.name = "node_memory_" + metric,
                 .type = MetricType::kGauge,
                 .help = "Memory information field " + metric + "."});
  }

  ProcFile file_;
  Meminfo meminfo_;
};

}  // namespace

Status ParseMeminfo(std::string_view text, Meminfo& out) {
  out.fields.clear();
  for (Lines lines(text); lines.Next();) {
    if (!ParseField(lines.line(), out.fields.emplace_back())) {
      return MalformedLine("/proc/meminfo", lines.number(), "name: number [kB]", lines.line());
    }
  }
  if (out.fields.empty()) return Error{.code = ErrorCode::kParse, .message = "/proc/meminfo is empty"};
  return {};
}

std::unique_ptr<Collector> MakeMeminfoCollector(const CollectorContext& context) {
  return std::make_unique<MeminfoCollector>(context);
}

}  // namespace tickbird::samplers
