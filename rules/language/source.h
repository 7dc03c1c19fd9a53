#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"

namespace tickbird::language {

/// A stretch of a source's bytes.
struct Span {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;

  std::uint32_t end() const { return offset + length; }
};

/// The text of one rule file and where its lines begin. At most kMaxSourceBytes, so that a Span reaches all of it.
class Source {
 public:
  Source(std::string name, std::string text);

  const std::string& name() const { return name_; }
  const std::string& text() const { return text_; }
  std::string_view TextOf(Span span) const { return std::string_view(text_).substr(span.offset, span.length); }
  /// 1-based; the column counts bytes. Logarithmic in the number of lines.
  Position PositionOf(std::size_t offset) const;
  /// Overwrites a secret with asterisks, so that no diagnostic shows it. Offsets stay as they are.
  void Mask(Span span);

 private:
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
};

}  // namespace tickbird::language
