#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/base/result.h"
#include "core/exposition/format.h"
#include "core/model/labels.h"
#include "core/model/sample.h"

namespace tickbird::exposition {

/// A label as it stands on the page: what is between the quotes, backslashes not yet resolved. Views into the page.
struct RawLabel {
  std::string_view name;
  std::string_view value;
  bool name_escaped = false;  ///< There are backslashes in it.
  bool value_escaped = false;
};

/// An OpenMetrics exemplar: one event behind a counter or a bucket.
struct RawExemplar {
  std::vector<RawLabel> labels;
  double value = 0;
  std::optional<TimestampMs> timestamp;
};

/// One sample line. Valid until the next call of Parser::Next(); the views into the page live as long as the page does.
struct ParsedSample {
  /// Name and labels exactly as written, `http_requests_total{code="200"}`: equal text is the same series, so a scraper
  /// can remember what it made of it and skip the labels.
  std::string_view series;
  std::string_view name;
  bool name_escaped = false;
  std::vector<RawLabel> labels;  ///< In the order of the page; may hold duplicates and empty values.
  double value = 0;
  std::optional<TimestampMs> timestamp;
  std::string_view timestamp_text;  ///< As written; finer than milliseconds in OpenMetrics.
  bool has_exemplar = false;
  RawExemplar exemplar;  ///< Only when `has_exemplar`.
};

/// A line about a family. Valid until the next call of Parser::Next().
struct ParsedMetadata {
  std::string_view family;
  MetricType type = MetricType::kUnknown;  ///< Of kType.
  std::string_view text;                   ///< Of kHelp and kUnit; escapes resolved.
};

enum class Entry { kSample, kType, kHelp, kUnit, kEnd, kError };

/// Reads a page line by line without allocating per sample:
///
///   Parser parser(page, Format::kText);
///   for (Entry entry = parser.Next(); entry != Entry::kEnd; entry = parser.Next()) {
///     if (entry == Entry::kError) return parser.error();
///     if (entry == Entry::kSample) Use(parser.sample());
///   }
///
/// Checks the grammar of each line: names, quotes, UTF-8 of label values and help, numbers, and in OpenMetrics also
/// exact blanks and the closing "# EOF". What lines mean together (groups, buckets, duplicates) is ValidateOpenMetrics'
/// part; duplicate label names show when the labels are built. After kEnd or kError it keeps returning the same. The
/// page must outlive the parser. Names in UTF-8 stand in quotes, the metric's first in the braces:
/// `{"http.requests",code="200"} 1`. Source: Prometheus docs exposition_formats.md; OpenMetrics specification 1.0.
class Parser {
 public:
  Parser(std::string_view page, Format format);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Entry Next();

  const ParsedSample& sample() const { return sample_; }
  const ParsedMetadata& metadata() const { return metadata_; }
  /// kParse with line and column, after kError.
  const Error& error() const { return error_; }
  /// Line of the entry last returned, from 1.
  int line() const { return line_; }
  /// Where `part`, a view into the entry last returned, stands on the page.
  Position PositionOf(std::string_view part) const;

 private:
  Entry NextText();
  Entry NextOpenMetrics();
  Entry TextComment(const char* at);
  Entry OpenMetricsComment(const char* at);
  Entry ReadMetadata(Entry kind, const char* at);
  Entry ReadType(const char* at);
  Entry ReadFreeText(Entry kind, const char* at);
  Entry ReadSample(const char* at);
  const char* ReadFamilyName(const char* at);
  const char* ReadLabels(const char* at, std::vector<RawLabel>& labels, bool metric_name_allowed);
  const char* ReadOneLabel(const char* at, std::vector<RawLabel>& labels, bool metric_name_allowed);
  const char* ReadQuoted(const char* at, std::string_view& text, bool& escaped);
  const char* ReadValue(const char* at, double& value);
  const char* ReadTimestamp(const char* at, TimestampMs& timestamp, std::string_view& text);
  const char* ReadExemplar(const char* at);
  const char* Blanks(const char* at) const;
  const char* Separator(const char* at, std::string_view before_what);

  bool StartLine();
  void EndLine();
  const char* Fail(const char* at, std::string message);
  Entry Failed() const { return Entry::kError; }

  Format format_;
  const char* line_start_;
  const char* line_end_ = nullptr;  // the '\n' of the current line: every line that is read has one
  const char* next_line_;
  const char* page_end_;
  int line_ = 0;
  Entry last_ = Entry::kSample;
  bool saw_eof_ = false;

  std::string last_line_;  // a copy of the page's last line when it has no '\n'
  ParsedSample sample_;
  ParsedMetadata metadata_;
  std::string family_buffer_;
  std::string text_buffer_;
  Error error_;
};

/// Adds the name and labels of `sample` with escapes resolved. kParse when a label name comes twice. The builder keeps
/// what it had, and is half filled after an error.
Status ReadLabels(const ParsedSample& sample, LabelsBuilder& into);

/// Resolves \\, \" and \n; any other backslash stays as it is.
void AppendUnescaped(std::string& out, std::string_view raw);

}  // namespace tickbird::exposition
