#include "agent/samplers/host/filefd.h"

#include "agent/samplers/proc_file.h"
#include "agent/samplers/text.h"

namespace tickbird::samplers {
namespace {

constexpr Column kColumns[] = {
    {"node_filefd_allocated", MetricType::kGauge, "File descriptor statistics: allocated."},
    {"node_filefd_maximum", MetricType::kGauge, "File descriptor statistics: maximum."},
};

class FilefdCollector final : public Collector {
 public:
  explicit FilefdCollector(const CollectorContext& context)
      : Collector(context, 1), file_(context.options.procfs + "/sys/fs/file-nr") {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, file_.Read(batch.buffer()));
    TICKBIRD_ASSIGN_OR_RETURN(const FileHandles handles, ParseFileHandles(text));
    Row& row = table_.Only(batch, kColumns);
    row.Set(batch, 0, handles.allocated);
    row.Set(batch, 1, handles.maximum);
    return {};
  }

  ProcFile file_;
};

}  // namespace

Result<FileHandles> ParseFileHandles(std::string_view text) {
  FileHandles handles;
  std::uint64_t unused = 0;
  const std::string_view line = TakeLine(text);
  std::string_view rest = line;
  if (!TakeUint(rest, handles.allocated) || !TakeUint(rest, unused) || !TakeUint(rest, handles.maximum)) {
    return MalformedLine("/proc/sys/fs/file-nr", 1, "three numbers", line);
  }
  return handles;
}

std::unique_ptr<Collector> MakeFilefdCollector(const CollectorContext& context) {
  return std::make_unique<FilefdCollector>(context);
}

}  // namespace tickbird::samplers
