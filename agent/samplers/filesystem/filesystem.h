#pragma once

#include <memory>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// node_filesystem_{size,free,avail}_bytes, files, files_free, readonly, device_error {device,mountpoint,fstype}, for
/// the mounts that the filters leave. A filesystem that cannot be asked has device_error 1 and readonly only. Slow.
Result<std::unique_ptr<Collector>> MakeFilesystemCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
