#include "agent/samplers/registry.h"

#include "agent/samplers/cgroup/cgroup.h"
#include "agent/samplers/filesystem/filesystem.h"
#include "agent/samplers/host/cpu.h"
#include "agent/samplers/host/diskstats.h"
#include "agent/samplers/host/filefd.h"
#include "agent/samplers/host/gauge_files.h"
#include "agent/samplers/host/loadavg.h"
#include "agent/samplers/host/meminfo.h"
#include "agent/samplers/host/netclass.h"
#include "agent/samplers/host/netdev.h"
#include "agent/samplers/host/netstat.h"
#include "agent/samplers/host/pressure.h"
#include "agent/samplers/host/sockstat.h"
#include "agent/samplers/host/stat.h"
#include "agent/samplers/host/time.h"
#include "agent/samplers/host/uname.h"
#include "agent/samplers/host/vmstat.h"
#include "agent/samplers/process/named_groups.h"
#include "agent/samplers/process/self.h"

namespace tickbird::samplers {
namespace {

// Makers that cannot fail return the pointer itself.
template <auto make>
Result<std::unique_ptr<Collector>> Make(const CollectorContext& context) {
  return make(context);
}

constexpr CollectorEntry kCollectors[] = {
    {"cgroup", false, Make<MakeCgroupCollector>},
    {"cgroup_processes", true, Make<MakeCgroupProcessesCollector>},
    {"conntrack", true, Make<MakeConntrackCollector>},
    {"cpu", false, Make<MakeCpuCollector>},
    {"diskstats", false, Make<MakeDiskstatsCollector>},
    {"entropy", true, Make<MakeEntropyCollector>},
    {"filefd", false, Make<MakeFilefdCollector>},
    {"filesystem", true, Make<MakeFilesystemCollector>},
    {"loadavg", false, Make<MakeLoadavgCollector>},
    {"meminfo", false, Make<MakeMeminfoCollector>},
    {"namedprocess", false, Make<MakeNamedGroupsCollector>},
    {"netclass", true, Make<MakeNetclassCollector>},
    {"netdev", false, Make<MakeNetdevCollector>},
    {"netstat", false, Make<MakeNetstatCollector>},
    {"pressure", false, Make<MakePressureCollector>},
    {"process", false, Make<MakeSelfCollector>},
    {"process_details", true, Make<MakeSelfDetailsCollector>},
    {"sockstat", false, Make<MakeSockstatCollector>},
    {"stat", false, Make<MakeStatCollector>},
    {"time", false, Make<MakeTimeCollector>},
    {"uname", true, Make<MakeUnameCollector>},
    {"vmstat", false, Make<MakeVmstatCollector>},
};

}  // namespace

std::span<const CollectorEntry> AllCollectors() {
  return kCollectors;
}

}  // namespace tickbird::samplers
