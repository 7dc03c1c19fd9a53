#pragma once

#include <memory>
#include <string_view>

#include "agent/samplers/collector.h"

namespace tickbird::samplers {

/// /proc/sys/fs/file-nr: open file handles of the whole host.
struct FileHandles {
  std::uint64_t allocated = 0;
  std::uint64_t maximum = 0;
};

/// kParse unless it holds three numbers, of which the second has been 0 since Linux 2.6.
Result<FileHandles> ParseFileHandles(std::string_view text);

/// node_filefd_allocated, node_filefd_maximum.
std::unique_ptr<Collector> MakeFilefdCollector(const CollectorContext& context);

}  // namespace tickbird::samplers
