#include "rules/language/source.h"

#include <algorithm>

namespace tickbird::language {

Source::Source(std::string name, std::string text) : name_(std::move(name)), text_(std::move(text)) {
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

Position Source::PositionOf(std::size_t offset) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
  const std::size_t start = *(after - 1);
  return {static_cast<int>(after - line_starts_.begin()), static_cast<int>(offset - start + 1)};
}

void Source::Mask(Span span) {
  for (std::size_t i = span.offset; i < span.end() && i < text_.size(); ++i) {
    if (text_[i] != '\n') text_[i] = '*';
  }
}

}  // namespace tickbird::language
