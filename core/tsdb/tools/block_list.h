#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/tsdb/block/block.h"

namespace tickbird::tsdb {

/// The blocks as a table with the columns of `promtool tsdb list`: times as milliseconds and bytes as numbers, or all
/// of it for people.
std::string FormatBlockList(const std::vector<std::shared_ptr<Block>>& blocks, bool human_readable);

/// {"blocks":[{"ulid":"...","minTime":ms,"maxTime":ms,"samples":n,"series":n,"chunks":n,"bytes":n,"level":n,
/// "tombstones":n,"hints":[...]}]}
std::string BlockListJson(const std::vector<std::shared_ptr<Block>>& blocks);

/// Rows of cells as columns, two blanks apart; the first row is the heading.
std::string FormatTable(const std::vector<std::vector<std::string>>& rows);

}  // namespace tickbird::tsdb
