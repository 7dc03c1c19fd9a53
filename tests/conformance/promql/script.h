#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/result.h"
#include "core/model/labels.h"

/// The script format of Prometheus' promqltest: load series, evaluate, compare.
namespace tickbird::promqltest {

/// A series line: labels and a value for each step; nothing where no sample is.
struct SeriesLine {
  Labels labels;
  std::vector<std::optional<double>> values;
  bool has_histograms = false;        ///< Native histograms: their values are not read.
  bool has_start_timestamps = false;  ///< Came with an `@st` line.
};

struct ClearCommand {};

struct LoadCommand {
  DurationMs step = 0;
  bool with_custom_bucket_histograms = false;
  std::vector<SeriesLine> series;
};

/// A text that must be equal to an annotation or error, or a pattern that must be found in it; neither: any will do.
struct TextExpectation {
  std::string message;
  std::string regex;
};

struct RangeSpec {
  TimestampMs start = 0;
  TimestampMs end = 0;
  DurationMs step = 0;
};

struct EvalCommand {
  int line = 0;
  std::string expr;
  bool is_range = false;
  RangeSpec range;  ///< Of an instant query: start == end.
  std::optional<TextExpectation> fails;
  std::vector<TextExpectation> warnings;
  std::vector<TextExpectation> infos;
  bool no_warnings = false;
  bool no_infos = false;
  bool ordered = false;
  std::optional<RangeSpec> range_vector;
  std::optional<std::string> string;
  std::optional<double> scalar;
  std::vector<SeriesLine> series;
};

using Command = std::variant<ClearCommand, LoadCommand, EvalCommand>;

/// kParse with the line when the script is wrong.
Result<std::vector<Command>> ParseScript(std::string_view text);

}  // namespace tickbird::promqltest
