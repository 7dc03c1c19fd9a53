#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tickbird {

/// Writes JSON straight into a string: no tree, no exceptions, commas and colons by itself.
///
///   JsonWriter json;
///   json.BeginObject().Key("status").String("success").Key("data").BeginArray().Int(1).EndArray().EndObject();
///   std::move(json).Take();
///
/// Strings may hold any bytes: ill-formed UTF-8 becomes U+FFFD. '<', '>' and '&' are escaped, so a body that is taken
/// for a page runs nothing. Numbers that JSON cannot say (NaN, infinities) become null; the query API writes those as
/// strings. Not thread safe.
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view name);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(std::int64_t value);
  JsonWriter& Uint(std::uint64_t value);
  JsonWriter& Double(double value);
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  /// Inserts text that is JSON already.
  JsonWriter& Raw(std::string_view json);

  std::string_view text() const { return out_; }
  std::string Take() && { return std::move(out_); }

 private:
  void BeforeValue();
  JsonWriter& Open(char bracket);
  JsonWriter& Close(char bracket);

  std::string out_;
  bool needs_comma_ = false;
};

/// Appends `value` as a JSON string with its quotes.
void AppendJsonString(std::string& out, std::string_view value);

}  // namespace tickbird
