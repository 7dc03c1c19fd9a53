#include "core/yaml/reader.h"

#include <algorithm>
#include <charconv>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::yaml {

std::string_view KindName(const Node& node) {
  switch (node.kind) {
    case Node::Kind::kNull:
      return "nothing";
    case Node::Kind::kScalar:
      return "a single value";
    case Node::Kind::kSequence:
      return "a list";
    case Node::Kind::kMap:
      return "a mapping";
  }
  return "nothing";
}

void Problems::Add(Position position, std::string message, int length) {
  list_.push_back({.position = position, .length = length, .message = std::move(message)});
}

void Problems::Add(const Node& node, std::string message) {
  Add(node.position, std::move(message), std::max(1, static_cast<int>(node.text.size())));
}

MapReader::MapReader(const Node& node, std::string_view what, Problems& problems)
    : node_(node), what_(what), problems_(problems) {
  if (node.kind != Node::Kind::kMap && node.kind != Node::Kind::kNull) {
    problems_.Add(node, fmt::format("{} must be a mapping of keys to values, not {}", what_, KindName(node)));
  }
}

const Node* MapReader::Find(std::string_view key) const {
  return node_.Find(key);
}

const Node* MapReader::Take(std::string_view key) {
  known_.push_back(key);
  const Node* const value = node_.Find(key);
  return value && value->kind != Node::Kind::kNull ? value : nullptr;
}

const Node* MapReader::TakeScalar(std::string_view key, std::string_view expected) {
  const Node* const value = Take(key);
  if (value && value->kind != Node::Kind::kScalar) {
    problems_.Add(*value, fmt::format("{} must be {}, not {}", key, expected, KindName(*value)));
    return nullptr;
  }
  return value;
}

MapReader& MapReader::String(std::string_view key, std::string* out) {
  if (const Node* const value = TakeScalar(key, "a string")) *out = value->text;
  return *this;
}

MapReader& MapReader::Bool(std::string_view key, bool* out) {
  const Node* const value = TakeScalar(key, "true or false");
  if (!value) return *this;
  if (value->text == "true" || value->text == "false") {
    *out = value->text == "true";
  } else {
    problems_.Add(*value, fmt::format("{} must be true or false, not {}", key, Quoted(value->text)));
  }
  return *this;
}

MapReader& MapReader::Int(std::string_view key, std::int64_t* out, std::int64_t min, std::int64_t max) {
  const Node* const value = TakeScalar(key, "a whole number");
  if (!value) return *this;
  std::int64_t number = 0;
  const char* const end = value->text.data() + value->text.size();
  const auto [stop, code] = std::from_chars(value->text.data(), end, number);
  if (code != std::errc() || stop != end || number < min || number > max) {
    problems_.Add(*value,
                  fmt::format("{} must be a whole number from {} to {}, not {}", key, min, max, Quoted(value->text)));
  } else {
    *out = number;
  }
  return *this;
}

MapReader& MapReader::Double(std::string_view key, double* out) {
  const Node* const value = TakeScalar(key, "a number");
  if (!value) return *this;
  const auto number = ParseDouble(value->text);
  if (number) {
    *out = *number;
  } else {
    problems_.Add(*value, fmt::format("{} must be a number, not {}", key, Quoted(value->text)));
  }
  return *this;
}

MapReader& MapReader::Duration(std::string_view key, DurationMs* out, DurationMs min, DurationMs max) {
  const Node* const value = TakeScalar(key, "a duration");
  if (!value) return *this;
  const auto duration = ParseDuration(value->text);
  if (!duration) {
    problems_.Add(*value, fmt::format("{}: {}", key, duration.error().message));
  } else if (*duration < min || *duration > max) {
    problems_.Add(*value, fmt::format("{} must be from {} to {}, not {}", key, FormatDuration(min), FormatDuration(max),
                                      value->text));
  } else {
    *out = *duration;
  }
  return *this;
}

MapReader& MapReader::Size(std::string_view key, std::int64_t* out) {
  const Node* const value = TakeScalar(key, "a size");
  if (!value) return *this;
  const auto size = ParseByteSize(value->text);
  if (size) {
    *out = *size;
  } else {
    problems_.Add(*value, fmt::format("{}: {}", key, size.error().message));
  }
  return *this;
}

MapReader& MapReader::Strings(std::string_view key, std::vector<std::string>* out) {
  const Node* const value = Take(key);
  if (!value) return *this;
  if (value->kind != Node::Kind::kSequence) {
    problems_.Add(*value, fmt::format("{} must be a list, for example [a, b], not {}", key, KindName(*value)));
    return *this;
  }
  std::vector<std::string> strings;
  for (const Node& item : value->items) {
    if (item.kind == Node::Kind::kScalar) {
      strings.push_back(item.text);
    } else {
      problems_.Add(item, fmt::format("{} must be a list of strings, but this is {}", key, KindName(item)));
    }
  }
  *out = std::move(strings);
  return *this;
}

MapReader& MapReader::Any(std::string_view key, const std::function<void(const Node&)>& read) {
  if (const Node* const value = Take(key)) read(*value);
  return *this;
}

MapReader& MapReader::Map(std::string_view key, const std::function<void(MapReader&)>& read) {
  if (const Node* const value = Take(key)) {
    MapReader below(*value, key, problems_);
    read(below);
    below.Finish();
  }
  return *this;
}

MapReader& MapReader::List(std::string_view key, const std::function<void(const Node&)>& read) {
  const Node* const value = Take(key);
  if (!value) return *this;
  if (value->kind != Node::Kind::kSequence) {
    problems_.Add(*value, fmt::format("{} must be a list, not {}", key, KindName(*value)));
    return *this;
  }
  for (const Node& item : value->items) read(item);
  return *this;
}

MapReader& MapReader::Unsupported(std::string_view key, std::string_view instead) {
  known_.push_back(key);
  for (const Node::Entry& entry : node_.entries) {
    if (entry.key != key) continue;
    std::string message = fmt::format("{} is not supported by this version", key);
    if (!instead.empty()) message += fmt::format("; {}", instead);
    problems_.Add(entry.key_position, std::move(message), static_cast<int>(key.size()));
  }
  return *this;
}

void MapReader::Finish() {
  for (const Node::Entry& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key) != known_.end()) continue;
    problems_.Add(entry.key_position,
                  fmt::format("unknown key {}{}{}", Quoted(entry.key), what_.empty() ? "" : " in " + what_,
                              DidYouMean(entry.key, known_)),
                  static_cast<int>(entry.key.size()));
  }
}

}  // namespace tickbird::yaml
