#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/error.h"

/// One line an event, on stderr, as logfmt (`ts=... level=warn msg="..." key=value`) or JSON. All functions are thread
/// safe. Never pass a secret.
namespace tickbird::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kLogfmt, kJson };

/// A name and a value; numbers and errors are turned into text here so that call sites stay short.
struct Field {
  Field(std::string_view name, std::string_view text) : key(name), value(text) {}
  Field(std::string_view name, const char* text) : key(name), value(text) {}
  Field(std::string_view name, const std::string& text) : key(name), value(text) {}
  Field(std::string_view name, bool flag) : key(name), value(flag ? "true" : "false") {}
  Field(std::string_view name, std::integral auto number) : key(name), value(std::to_string(number)) {}
  Field(std::string_view name, double number);
  Field(std::string_view name, const Error& error) : key(name), value(error.ToString()) {}

  std::string_view key;
  std::string value;
};

void Configure(Level minimum, Format format);
/// Where finished lines go (without the newline); tests capture with it. nullptr: back to stderr.
void SetSink(std::function<void(std::string_view line)> sink);

bool Enabled(Level level);
void Write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void Debug(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warn(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarn, message, fields);
}
inline void Err(std::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, message, fields);
}

/// A limit for one call site where input decides how often it is reached: at most `per_minute` lines, and the next one
/// that passes carries suppressed=N. Not thread safe: one per owner.
///
///   if (limit_.Allow(clock.MonotonicNs())) log::Warn("bad datagram", {{"reason", r}, {"suppressed",
///   limit_.TakeSuppressed()}});
class RateLimit {
 public:
  explicit RateLimit(int per_minute = 6) : per_minute_(per_minute) {}
  bool Allow(std::int64_t monotonic_ns);
  std::uint64_t TakeSuppressed();

 private:
  int per_minute_;
  int used_ = 0;
  std::int64_t window_start_ns_ = -1;
  std::uint64_t suppressed_ = 0;
};

}  // namespace tickbird::log
