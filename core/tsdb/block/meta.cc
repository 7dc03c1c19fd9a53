#include "core/tsdb/block/meta.h"

#include <optional>

#include <fmt/core.h>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "core/base/crc32c.h"
#include "core/base/json_writer.h"

namespace tickbird::tsdb {
namespace {

constexpr std::int64_t kVersion = 1;

void WriteStrings(JsonWriter& json, std::string_view key, const std::vector<std::string>& strings) {
  if (strings.empty()) return;
  json.Key(key).BeginArray();
  for (const std::string& string : strings) json.String(string);
  json.EndArray();
}

void WriteCount(JsonWriter& json, std::string_view key, std::int64_t count) {
  if (count != 0) json.Key(key).Int(count);
}

void WriteCompaction(JsonWriter& json, const BlockMeta& meta) {
  json.Key("compaction").BeginObject().Key("level").Int(meta.level);
  WriteStrings(json, "sources", meta.sources);
  if (meta.deletable) json.Key("deletable").Bool(true);
  if (!meta.parents.empty()) {
    json.Key("parents").BeginArray();
    for (const BlockParent& parent : meta.parents) {
      json.BeginObject().Key("ulid").String(parent.ulid);
      json.Key("minTime").Int(parent.min_time).Key("maxTime").Int(parent.max_time).EndObject();
    }
    json.EndArray();
  }
  if (meta.failed) json.Key("failed").Bool(true);
  WriteStrings(json, "hints", meta.hints);
  json.EndObject();
}

/// All fields of Prometheus, the object left open for ours.
JsonWriter WriteFields(const BlockMeta& meta) {
  JsonWriter json;
  json.BeginObject().Key("ulid").String(meta.ulid);
  json.Key("minTime").Int(meta.min_time).Key("maxTime").Int(meta.max_time);
  json.Key("stats").BeginObject();
  WriteCount(json, "numSamples", meta.stats.samples);
  WriteCount(json, "numFloatSamples", meta.stats.float_samples);
  WriteCount(json, "numHistogramSamples", meta.stats.histogram_samples);
  WriteCount(json, "numSeries", meta.stats.series);
  WriteCount(json, "numChunks", meta.stats.chunks);
  WriteCount(json, "numTombstones", meta.stats.tombstones);
  json.EndObject();
  WriteCompaction(json, meta);
  json.Key("version").Int(kVersion);
  return json;
}

/// Takes fields out of parsed objects and remembers the first that is of the wrong type. A field that is not there has
/// its default, as in Go.
class Fields {
 public:
  Fields(const boost::json::object& object, std::string* fault) : object_(object), fault_(fault) {}

  std::int64_t Int(std::string_view key) const {
    const boost::json::value* const value = Get(key);
    if (!value) return 0;
    if (const auto* const number = value->if_int64()) return *number;
    return Wrong(key, "a whole number"), 0;
  }
  bool Bool(std::string_view key) const {
    const boost::json::value* const value = Get(key);
    if (!value) return false;
    if (const bool* const truth = value->if_bool()) return *truth;
    return Wrong(key, "true or false"), false;
  }
  std::string String(std::string_view key) const {
    const boost::json::value* const value = Get(key);
    return value ? Text(key, *value) : std::string();
  }
  std::vector<std::string> Strings(std::string_view key) const {
    std::vector<std::string> strings;
    Each(key, [&](const boost::json::value& value) { strings.push_back(Text(key, value)); });
    return strings;
  }
  std::optional<Fields> Object(std::string_view key) const {
    const boost::json::value* const value = Get(key);
    if (!value) return std::nullopt;
    if (const auto* const object = value->if_object()) return Fields(*object, fault_);
    Wrong(key, "an object");
    return std::nullopt;
  }
  std::vector<BlockParent> Parents() const {
    std::vector<BlockParent> parents;
    Each("parents", [&](const boost::json::value& value) {
      const auto* const object = value.if_object();
      if (!object) return Wrong("parents", "a list of objects");
      const Fields fields(*object, fault_);
      parents.push_back({fields.String("ulid"), fields.Int("minTime"), fields.Int("maxTime")});
    });
    return parents;
  }

 private:
  const boost::json::value* Get(std::string_view key) const {
    const boost::json::value* const value = object_.if_contains(key);
    return value && !value->is_null() ? value : nullptr;
  }
  void Wrong(std::string_view key, std::string_view wanted) const {
    if (fault_->empty()) *fault_ = fmt::format("\"{}\" is not {}", key, wanted);
  }
  std::string Text(std::string_view key, const boost::json::value& value) const {
    if (const auto* const string = value.if_string()) return {string->data(), string->size()};
    return Wrong(key, "text"), std::string();
  }
  template <class Visit>
  void Each(std::string_view key, const Visit& visit) const {
    const boost::json::value* const value = Get(key);
    if (!value) return;
    const auto* const array = value->if_array();
    if (!array) return Wrong(key, "a list");
    for (const boost::json::value& item : *array) visit(item);
  }

  const boost::json::object& object_;
  std::string* fault_;
};

BlockMeta ReadFields(const Fields& fields) {
  BlockMeta meta;
  meta.ulid = fields.String("ulid");
  meta.min_time = fields.Int("minTime");
  meta.max_time = fields.Int("maxTime");
  if (const auto stats = fields.Object("stats")) {
    meta.stats = {.samples = stats->Int("numSamples"),
                  .float_samples = stats->Int("numFloatSamples"),
                  .histogram_samples = stats->Int("numHistogramSamples"),
                  .series = stats->Int("numSeries"),
                  .chunks = stats->Int("numChunks"),
                  .tombstones = stats->Int("numTombstones")};
  }
  if (const auto compaction = fields.Object("compaction")) {
    meta.level = static_cast<int>(compaction->Int("level"));
    meta.sources = compaction->Strings("sources");
    meta.parents = compaction->Parents();
    meta.hints = compaction->Strings("hints");
    meta.deletable = compaction->Bool("deletable");
    meta.failed = compaction->Bool("failed");
  }
  return meta;
}

Error Corrupt(std::string_view what) {
  return {ErrorCode::kCorruption, fmt::format("meta.json: {}", what)};
}

}  // namespace

std::string FormatBlockMeta(const BlockMeta& meta) {
  JsonWriter json = WriteFields(meta);
  const std::uint32_t checksum = Crc32c(json.text());
  json.Key("tickbird").BeginObject().Key("crc32c").Int(checksum).EndObject().EndObject();
  return std::move(json).Take() + '\n';
}

Result<BlockMeta> ParseBlockMeta(std::string_view text) {
  boost::system::error_code code;
  const boost::json::value root = boost::json::parse(text, code);
  if (code || !root.is_object()) return Corrupt("no JSON object");
  std::string fault;
  const Fields fields(root.get_object(), &fault);
  const std::int64_t version = fields.Int("version");
  BlockMeta meta = ReadFields(fields);
  const auto ours = fields.Object("tickbird");
  const std::int64_t checksum = ours ? ours->Int("crc32c") : 0;
  if (!fault.empty()) return Corrupt(fault);
  // First the checksum, then the version: a flipped digit is no newer format.
  if (ours && version == kVersion && checksum != std::int64_t{Crc32c(WriteFields(meta).text())}) {
    return Corrupt("the checksum does not match");
  }
  if (version != kVersion) {
    return Error{ErrorCode::kUnsupported,
                 fmt::format("meta.json: version {}; this program reads version {}", version, kVersion)};
  }
  if (meta.min_time > meta.max_time) return Corrupt("minTime is after maxTime");
  if (!IsUlid(meta.ulid)) return Corrupt("\"ulid\" is no ULID");
  return meta;
}

}  // namespace tickbird::tsdb
