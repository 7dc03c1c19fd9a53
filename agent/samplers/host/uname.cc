#include "agent/samplers/host/uname.h"

#include <sys/utsname.h>

#include <string>

#include "agent/samplers/proc_file.h"
#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

constexpr Column kColumn = {"node_uname_info", MetricType::kGauge,
                            "Labeled system information as provided by the uname system call."};

std::string MachineByCall() {
  utsname names = {};
  return uname(&names) == 0 ? names.machine : "";
}

class UnameCollector final : public Collector {
 public:
  explicit UnameCollector(const CollectorContext& context)
      : Collector(context, 1), directory_(context.options.procfs + "/sys/kernel/") {}

 private:
  Status Collect(Batch& batch) override {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string sysname, Read(batch, "ostype"));
    TICKBIRD_ASSIGN_OR_RETURN(const std::string release, Read(batch, "osrelease"));
    TICKBIRD_ASSIGN_OR_RETURN(const std::string version, Read(batch, "version"));
    TICKBIRD_ASSIGN_OR_RETURN(const std::string nodename, Read(batch, "hostname"));
    TICKBIRD_ASSIGN_OR_RETURN(const std::string domainname, Read(batch, "domainname"));
    const Result<std::string> architecture = Read(batch, "arch");
    const std::string machine = architecture ? *architecture : MachineByCall();
    // A host that is renamed becomes another series.
    const std::string key =
        sysname + '\n' + release + '\n' + version + '\n' + machine + '\n' + nodename + '\n' + domainname;
    Row* const row = table_.Touch(batch, key, [&](RowBuilder& builder) {
      builder.Label("sysname", sysname).Label("release", release).Label("version", version).Label("machine", machine);
      builder.Label("nodename", nodename).Label("domainname", domainname).Add(kColumn);
    });
    if (row != nullptr) row->Set(batch, 0, 1.0);
    return {};
  }

  Result<std::string> Read(Batch& batch, const char* name) const {
    TICKBIRD_ASSIGN_OR_RETURN(const std::string_view text, ReadOnce(directory_ + name, batch.buffer()));
    return std::string(Trim(text));
  }

  std::string directory_;
};

}  // namespace

std::unique_ptr<Collector> MakeUnameCollector(const CollectorContext& context) {
  return std::make_unique<UnameCollector>(context);
}

}  // namespace tickbird::samplers
