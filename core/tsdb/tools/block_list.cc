#include "core/tsdb/tools/block_list.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/clock.h"
#include "core/base/duration.h"
#include "core/base/json_writer.h"
#include "core/base/number.h"

namespace tickbird::tsdb {
namespace {

/// As Go prints durations, and so promtool: "2h0m0s", "30m0s", "1.5s".
std::string PromtoolDuration(DurationMs duration) {
  std::string text;
  if (duration >= kHourMs) text += fmt::format("{}h", duration / kHourMs);
  if (duration >= kMinuteMs) text += fmt::format("{}m", duration % kHourMs / kMinuteMs);
  return text + FormatDouble(static_cast<double>(duration % kMinuteMs) / kSecondMs) + 's';
}

std::vector<std::string> Row(const Block& block, bool human_readable) {
  const BlockMeta& meta = block.meta();
  const auto time = [&](TimestampMs at) { return human_readable ? FormatTimestamp(at) : std::to_string(at); };
  return {meta.ulid,
          time(meta.min_time),
          time(meta.max_time),
          PromtoolDuration(meta.max_time - meta.min_time),
          std::to_string(meta.stats.samples),
          std::to_string(meta.stats.chunks),
          std::to_string(meta.stats.series),
          human_readable ? HumanBytes(static_cast<double>(block.bytes())) : std::to_string(block.bytes())};
}

}  // namespace

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out.append(widths[i] - row[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string FormatBlockList(const std::vector<std::shared_ptr<Block>>& blocks, bool human_readable) {
  std::vector<std::vector<std::string>> rows = {
      {"BLOCK ULID", "MIN TIME", "MAX TIME", "DURATION", "NUM SAMPLES", "NUM CHUNKS", "NUM SERIES", "SIZE"}};
  for (const auto& block : blocks) rows.push_back(Row(*block, human_readable));
  return FormatTable(rows);
}

std::string BlockListJson(const std::vector<std::shared_ptr<Block>>& blocks) {
  JsonWriter json;
  json.BeginObject().Key("blocks").BeginArray();
  for (const auto& block : blocks) {
    const BlockMeta& meta = block->meta();
    json.BeginObject().Key("ulid").String(meta.ulid);
    json.Key("minTime").Int(meta.min_time).Key("maxTime").Int(meta.max_time);
    json.Key("samples").Int(meta.stats.samples).Key("series").Int(meta.stats.series);
    json.Key("chunks").Int(meta.stats.chunks).Key("bytes").Int(block->bytes());
    json.Key("level").Int(meta.level).Key("tombstones").Int(meta.stats.tombstones);
    json.Key("hints").BeginArray();
    for (const std::string& hint : meta.hints) json.String(hint);
    json.EndArray().EndObject();
  }
  json.EndArray().EndObject();
  return std::move(json).Take();
}

}  // namespace tickbird::tsdb
