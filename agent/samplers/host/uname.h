#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// node_uname_info{sysname,release,version,machine,nodename,domainname} 1, from /proc/sys/kernel. The machine is asked
/// of uname(2) where the kernel (before 6.1) has no file for it.
std::unique_ptr<Collector> MakeUnameCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
