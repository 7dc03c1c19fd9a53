#include "core/yaml/node.h"

#include <yaml.h>

#include <map>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::yaml {
namespace {

Position ToPosition(const yaml_mark_t& mark) {
  return {static_cast<int>(mark.line) + 1, static_cast<int>(mark.column) + 1};
}

std::string_view Bytes(const yaml_char_t* text) {
  return text ? reinterpret_cast<const char*>(text) : "";
}

/// Builds the tree from libyaml's events by recursive descent.
class Builder {
 public:
  Builder(std::string_view text, const ScalarFilter& filter, const ParseLimits& limits)
      : filter_(filter), limits_(limits) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  ~Builder() {
    DropEvent();
    yaml_parser_delete(&parser_);
  }

  Result<Node> Document() {
    TICKBIRD_RETURN_IF_ERROR(Next());  // stream start
    TICKBIRD_RETURN_IF_ERROR(Next());
    if (event_.type == YAML_STREAM_END_EVENT) return Node{};
    TICKBIRD_RETURN_IF_ERROR(Next());
    TICKBIRD_ASSIGN_OR_RETURN(Node root, Value(0));
    TICKBIRD_RETURN_IF_ERROR(Next());  // document end
    TICKBIRD_RETURN_IF_ERROR(Next());
    if (event_.type != YAML_STREAM_END_EVENT)
      return Failure("a second document starts here; one file holds one document");
    return root;
  }

 private:
  Error Failure(std::string message) const {
    return {ErrorCode::kParse, std::move(message), ToPosition(event_.start_mark)};
  }

  void DropEvent() {
    if (has_event_) yaml_event_delete(&event_);
    has_event_ = false;
  }

  Status Next() {
    DropEvent();
    if (yaml_parser_parse(&parser_, &event_)) {
      has_event_ = true;
      return {};
    }
    std::string message = parser_.problem ? parser_.problem : "malformed YAML";
    if (parser_.context) message += fmt::format(" ({})", parser_.context);
    // The reader's errors (bad UTF-8) carry no mark, only an offset.
    const bool has_mark = parser_.error != YAML_READER_ERROR;
    return Error{ErrorCode::kParse, message, has_mark ? ToPosition(parser_.problem_mark) : Position{1, 1}};
  }

  Status Count(std::size_t nodes) {
    count_ += nodes;
    if (count_ > limits_.max_nodes)
      return Error{ErrorCode::kTooLarge, fmt::format("more than {} values", limits_.max_nodes)};
    return {};
  }

  /// The value that starts with the present event.
  Result<Node> Value(int depth) {
    if (depth > limits_.max_depth) return Failure(fmt::format("nested more than {} deep", limits_.max_depth));
    TICKBIRD_RETURN_IF_ERROR(Count(1));
    switch (event_.type) {
      case YAML_ALIAS_EVENT:
        return Alias();
      case YAML_SCALAR_EVENT:
        return Scalar();
      case YAML_SEQUENCE_START_EVENT:
        return Sequence(depth);
      case YAML_MAPPING_START_EVENT:
        return Map(depth);
      default:
        return Failure("expected a value");
    }
  }

  Result<Node> Alias() {
    const auto anchor = anchors_.find(std::string(Bytes(event_.data.alias.anchor)));
    if (anchor == anchors_.end()) return Failure(fmt::format("unknown anchor \"{}\"", Bytes(event_.data.alias.anchor)));
    TICKBIRD_RETURN_IF_ERROR(Count(anchor->second.size));
    return anchor->second.node;
  }

  Result<Node> Scalar() {
    Node node{.kind = Node::Kind::kScalar, .position = ToPosition(event_.start_mark)};
    const auto& scalar = event_.data.scalar;
    node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    node.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (node.plain && (node.text.empty() || node.text == "~" || node.text == "null")) node.kind = Node::Kind::kNull;
    const std::string anchor(Bytes(scalar.anchor));
    if (filter_) {
      auto filtered = filter_(node.text);
      if (!filtered) return Failure(filtered.error().message);
      node.text = *std::move(filtered);
    }
    Remember(anchor, node, 1);
    return node;
  }

  Result<Node> Sequence(int depth) {
    Node node{.kind = Node::Kind::kSequence, .position = ToPosition(event_.start_mark)};
    const std::string anchor(Bytes(event_.data.sequence_start.anchor));
    const std::size_t before = count_;
    while (true) {
      TICKBIRD_RETURN_IF_ERROR(Next());
      if (event_.type == YAML_SEQUENCE_END_EVENT) break;
      TICKBIRD_ASSIGN_OR_RETURN(Node item, Value(depth + 1));
      node.items.push_back(std::move(item));
    }
    Remember(anchor, node, count_ - before + 1);
    return node;
  }

  Result<Node> Map(int depth) {
    Node node{.kind = Node::Kind::kMap, .position = ToPosition(event_.start_mark)};
    const std::string anchor(Bytes(event_.data.mapping_start.anchor));
    const std::size_t before = count_;
    while (true) {
      TICKBIRD_RETURN_IF_ERROR(Next());
      if (event_.type == YAML_MAPPING_END_EVENT) break;
      if (event_.type != YAML_SCALAR_EVENT) return Failure("a key must be a plain word");
      Node::Entry entry{.key = std::string(Bytes(event_.data.scalar.value)),
                        .key_position = ToPosition(event_.start_mark)};
      if (entry.key == "<<") return Failure("merge keys (<<) are not supported; write the keys out");
      if (const Node* const first = node.Find(entry.key)) {
        return Failure(
            fmt::format("duplicate key \"{}\"; it is already set at line {}", entry.key, first->position.line));
      }
      TICKBIRD_RETURN_IF_ERROR(Next());
      TICKBIRD_ASSIGN_OR_RETURN(entry.value, Value(depth + 1));
      node.entries.push_back(std::move(entry));
    }
    Remember(anchor, node, count_ - before + 1);
    return node;
  }

  void Remember(const std::string& anchor, const Node& node, std::size_t size) {
    if (!anchor.empty()) anchors_[anchor] = {node, size};
  }

  struct Anchor {
    Node node;
    std::size_t size = 0;
  };

  const ScalarFilter& filter_;
  const ParseLimits& limits_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool has_event_ = false;
  std::size_t count_ = 0;
  std::map<std::string, Anchor> anchors_;
};

}  // namespace

const Node* Node::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Result<Node> Parse(std::string_view text, const ScalarFilter& filter, const ParseLimits& limits) {
  return Builder(text, filter, limits).Document();
}

}  // namespace tickbird::yaml
