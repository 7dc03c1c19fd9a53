#include "core/base/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>

#include "core/base/clock.h"
#include "core/base/duration.h"
#include "core/base/json_writer.h"
#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::log {
namespace {

std::atomic<Level> minimum_level = Level::kInfo;
std::atomic<Format> line_format = Format::kLogfmt;
std::mutex sink_mutex;
std::function<void(std::string_view)> line_sink;

std::string_view LevelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

void AppendLogfmtValue(std::string& out, std::string_view value) {
  const bool plain = !value.empty() && value.find_first_of(" =\"\\") == std::string_view::npos &&
                     value.find_first_of(std::string_view("\n\r\t\0", 4)) == std::string_view::npos;
  if (plain) {
    out += value;
  } else {
    out += Quoted(value);
  }
}

std::string LogfmtLine(Level level, std::string_view message, std::initializer_list<Field> fields) {
  std::string line = "ts=" + FormatTimestamp(SystemClock().Now());
  line += " level=";
  line += LevelName(level);
  line += " msg=";
  AppendLogfmtValue(line, message);
  for (const Field& field : fields) {
    line += ' ';
    line += field.key;
    line += '=';
    AppendLogfmtValue(line, field.value);
  }
  return line;
}

std::string JsonLine(Level level, std::string_view message, std::initializer_list<Field> fields) {
  JsonWriter json;
  json.BeginObject().Key("ts").String(FormatTimestamp(SystemClock().Now()));
  json.Key("level").String(LevelName(level)).Key("msg").String(message);
  for (const Field& field : fields) json.Key(field.key).String(field.value);
  json.EndObject();
  return std::move(json).Take();
}

}  // namespace

Field::Field(std::string_view name, double number) : key(name), value(FormatDouble(number)) {}

void Configure(Level minimum, Format format) {
  minimum_level = minimum;
  line_format = format;
}

void SetSink(std::function<void(std::string_view)> sink) {
  const std::lock_guard lock(sink_mutex);
  line_sink = std::move(sink);
}

bool Enabled(Level level) {
  return level >= minimum_level.load(std::memory_order_relaxed);
}

void Write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!Enabled(level)) return;
  std::string line =
      line_format == Format::kJson ? JsonLine(level, message, fields) : LogfmtLine(level, message, fields);
  const std::lock_guard lock(sink_mutex);
  if (line_sink) {
    line_sink(line);
    return;
  }
  line += '\n';
  // One write a line keeps lines of several threads whole; a closed or full stderr must not stop the agent.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

bool RateLimit::Allow(std::int64_t monotonic_ns) {
  constexpr std::int64_t kWindowNs = 60'000'000'000;
  if (window_start_ns_ < 0 || monotonic_ns - window_start_ns_ >= kWindowNs) {
    window_start_ns_ = monotonic_ns;
    used_ = 0;
  }
  if (used_ < per_minute_) {
    ++used_;
    return true;
  }
  ++suppressed_;
  return false;
}

std::uint64_t RateLimit::TakeSuppressed() {
  const std::uint64_t suppressed = suppressed_;
  suppressed_ = 0;
  return suppressed;
}

}  // namespace tickbird::log
