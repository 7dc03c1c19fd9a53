#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/source_text.h"
#include "core/yaml/node.h"

namespace tickbird::yaml {

/// Where the errors of one file are collected.
class Problems {
 public:
  void Add(Position position, std::string message, int length = 1);
  void Add(const Node& node, std::string message);
  bool empty() const { return list_.empty(); }
  const std::vector<Diagnostic>& list() const { return list_; }

 private:
  std::vector<Diagnostic> list_;
};

/// Reads one mapping. Each getter leaves `out` as it is when the key is absent or null, and adds a problem when the
/// value has the wrong type; so defaults are what `out` held before. Finish() adds a problem for every key that no
/// getter asked for. The node and the problems must outlive the reader.
class MapReader {
 public:
  /// A node that is not a mapping (and not null) is a problem of `what` ("storage").
  MapReader(const Node& node, std::string_view what, Problems& problems);

  MapReader& String(std::string_view key, std::string* out);
  MapReader& Bool(std::string_view key, bool* out);
  MapReader& Int(std::string_view key, std::int64_t* out, std::int64_t min, std::int64_t max);
  MapReader& Double(std::string_view key, double* out);
  /// Prometheus' durations: "30s".
  MapReader& Duration(std::string_view key, DurationMs* out, DurationMs min, DurationMs max);
  /// "512MB".
  MapReader& Size(std::string_view key, std::int64_t* out);
  MapReader& Strings(std::string_view key, std::vector<std::string>* out);
  /// Any value: handed over as it is when the key is present.
  MapReader& Any(std::string_view key, const std::function<void(const Node&)>& read);
  /// A mapping below: `read` gets its reader and must not call Finish itself.
  MapReader& Map(std::string_view key, const std::function<void(MapReader&)>& read);
  /// A list: `read` is called for each item.
  MapReader& List(std::string_view key, const std::function<void(const Node&)>& read);
  /// A key that exists in the field but is not supported: a problem that says so, if it is there.
  MapReader& Unsupported(std::string_view key, std::string_view instead);

  /// The value of a key that was declared, or nullptr; for rules over several keys.
  const Node* Find(std::string_view key) const;
  const Node& node() const { return node_; }
  Problems& problems() { return problems_; }
  void Finish();

 private:
  /// Declares the key; nullptr when it is absent or null.
  const Node* Take(std::string_view key);
  const Node* TakeScalar(std::string_view key, std::string_view expected);

  const Node& node_;
  std::string what_;
  Problems& problems_;
  std::vector<std::string_view> known_;
};

/// "a string", "a list", "a mapping", "nothing".
std::string_view KindName(const Node& node);

}  // namespace tickbird::yaml
