#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace tickbird::tsdb {

/// Where text goes: stdout, a file, a string. Its error ends what writes there.
using TextSink = std::function<Status(std::string_view)>;

/// Collects text for a sink, which then gets it in larger pieces.
class TextBuffer {
 public:
  explicit TextBuffer(TextSink sink) : sink_(std::move(sink)) {}

  std::string& text() { return text_; }
  /// To be called between lines.
  Status FlushIfLarge() { return text_.size() < kFlushBytes ? Status() : Flush(); }
  Status Flush() {
    TICKBIRD_RETURN_IF_ERROR(sink_(text_));
    text_.clear();
    return {};
  }

 private:
  static constexpr std::size_t kFlushBytes = std::size_t{64} << 10;

  TextSink sink_;
  std::string text_;
};

}  // namespace tickbird::tsdb
