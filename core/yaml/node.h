#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/result.h"

namespace tickbird::yaml {

/// One value of a YAML document with the place where it starts.
struct Node {
  enum class Kind { kNull, kScalar, kSequence, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  Position position;
  std::string text;            ///< kScalar.
  bool plain = false;          ///< kScalar without quotes: may be read as a number or a boolean.
  std::vector<Node> items;     ///< kSequence.
  std::vector<Entry> entries;  ///< kMap, in the order of the file; keys are unique.

  /// The value under `key`, or nullptr.
  const Node* Find(std::string_view key) const;
};

struct Node::Entry {
  std::string key;
  Position key_position;
  Node value;
};

struct ParseLimits {
  std::size_t max_nodes = 200'000;  ///< Aliases count what they copy, so no short file grows without end.
  int max_depth = 64;
};

/// Changes a scalar before it is stored (environment variables); an error is reported at the scalar.
using ScalarFilter = std::function<Result<std::string>(std::string_view text)>;

/// Parses one document; an empty one is kNull. kParse with position for malformed text, duplicate keys, merge keys
/// (`<<`), a second document, keys that are not scalars, and ill-formed UTF-8; kTooLarge past a limit. Anchors and
/// aliases are expanded.
Result<Node> Parse(std::string_view text, const ScalarFilter& filter = nullptr, const ParseLimits& limits = {});

}  // namespace tickbird::yaml
