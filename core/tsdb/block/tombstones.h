#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/fs.h"
#include "core/base/result.h"
#include "core/tsdb/chunk/chunk_series.h"

/// What was deleted from a block, by the numbers of its series. Source: prometheus/prometheus
/// tsdb/docs/format/tombstones.md, tsdb/tombstones/tombstones.go.
namespace tickbird::tsdb {

using Tombstones = std::map<std::uint64_t, Intervals>;

inline constexpr std::string_view kTombstonesName = "tombstones";

/// Intervals of all series together.
std::int64_t CountTombstones(const Tombstones& tombstones);

std::string FormatTombstones(const Tombstones& tombstones);
/// kCorruption: damaged. kUnsupported: another version.
Result<Tombstones> ParseTombstones(std::string_view bytes);

/// Writes the file in `directory` anew, in one step that survives a power cut once it returned.
Status WriteTombstones(Fs& fs, const std::string& directory, const Tombstones& tombstones);

}  // namespace tickbird::tsdb
