#include "core/tsdb/tools/openmetrics_import.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/exposition/parser.h"

namespace tickbird::tsdb {
namespace {

using exposition::Entry;
using exposition::Parser;

constexpr std::int64_t kPieceBytes = std::int64_t{4} << 20;
constexpr std::size_t kMaxLineBytes = std::size_t{64} << 20;
constexpr std::string_view kEnd = "# EOF\n";

/// Hands out a file in pieces of whole lines.
class PieceReader {
 public:
  explicit PieceReader(const RandomAccessFile& file) : file_(file) {}

  bool at_end() const { return at_ == file_.size() && rest_.empty(); }
  /// The next lines; at the end of the file, what is left.
  Result<std::string> Next() {
    std::string piece = std::exchange(rest_, {});
    while (at_ < file_.size()) {
      const std::size_t before = piece.size();
      const std::int64_t wanted = std::min(kPieceBytes, file_.size() - at_);
      piece.resize(before + static_cast<std::size_t>(wanted));
      TICKBIRD_RETURN_IF_ERROR(file_.ReadAt(at_, std::span(piece).subspan(before)));
      at_ += wanted;
      if (at_ == file_.size()) break;
      const std::size_t line_end = piece.rfind('\n');
      if (line_end != std::string::npos) {
        rest_ = piece.substr(line_end + 1);
        piece.resize(line_end + 1);
        return piece;
      }
      if (piece.size() > kMaxLineBytes) return Error{ErrorCode::kParse, "a line of more than 64 MiB"};
    }
    return piece;
  }

 private:
  const RandomAccessFile& file_;
  std::int64_t at_ = 0;
  std::string rest_;
};

/// The text behind the first `lines` lines.
std::string_view SkipLines(std::string_view text, int lines) {
  for (; lines > 0 && !text.empty(); --lines) {
    const std::size_t end = text.find('\n');
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return text;
}

class Importer {
 public:
  Importer(bool go_on, SampleCollector* collector) : go_on_(go_on), collector_(*collector) {}

  /// `is_last`: the end of the file must be marked in it.
  Status ReadPiece(std::string piece, bool is_last) {
    const auto lines = static_cast<int>(std::count(piece.begin(), piece.end(), '\n'));
    // The parser wants the mark at the end of what it gets.
    if (!is_last) piece += kEnd;
    std::string_view rest = piece;
    int line = 0;
    while (true) {
      Parser parser(rest, exposition::Format::kOpenMetrics);
      line_offset_ = lines_before_ + line;
      TICKBIRD_ASSIGN_OR_RETURN(const bool is_done, ReadLines(&parser));
      if (is_done) break;
      line += parser.line();
      rest = SkipLines(rest, parser.line());
      if (rest.empty()) break;
    }
    lines_before_ += lines;
    return {};
  }

  OpenMetricsImport Take() { return std::move(result_); }

 private:
  /// False: a bad line was passed over, go on behind it.
  Result<bool> ReadLines(Parser* parser) {
    while (true) {
      switch (parser->Next()) {
        case Entry::kEnd:
          return true;
        case Entry::kError:
          TICKBIRD_RETURN_IF_ERROR(Skip(parser->line(), parser->error()));
          return false;
        case Entry::kSample:
          if (Status added = AddSample(parser->sample()); !added)
            TICKBIRD_RETURN_IF_ERROR(Skip(parser->line(), std::move(added.error())));
          break;
        default:
          break;
      }
    }
  }

  Status AddSample(const exposition::ParsedSample& sample) {
    if (!sample.timestamp) return Error{ErrorCode::kParse, "the sample has no timestamp"};
    if (sample.series != series_ || series_.empty()) {
      builder_.Clear();
      TICKBIRD_RETURN_IF_ERROR(exposition::ReadLabels(sample, builder_));
      series_ = sample.series;
      labels_ = builder_.Build();
    }
    TICKBIRD_RETURN_IF_ERROR(collector_.Add(labels_, *sample.timestamp, sample.value));
    ++result_.samples;
    return {};
  }

  /// An error, unless bad lines are to be skipped. What a disk does is none of the text's faults.
  Status Skip(int line, Error error) {
    const bool is_of_line = error.code == ErrorCode::kParse || error.code == ErrorCode::kOutOfBounds;
    Error placed = {error.code, fmt::format("line {}: {}", line_offset_ + line, error.message)};
    if (!is_of_line) return error;
    if (!go_on_) return placed;
    ++result_.skipped_lines;
    if (result_.problems.size() < OpenMetricsImport::kMaxProblems) result_.problems.push_back(placed.message);
    return {};
  }

  bool go_on_;
  SampleCollector& collector_;
  OpenMetricsImport result_;
  int lines_before_ = 0;  // in earlier pieces
  int line_offset_ = 0;   // of the parser's first line, less one
  std::string series_;    // whose labels these are
  Labels labels_;
  LabelsBuilder builder_;
};

}  // namespace

Result<OpenMetricsImport> ImportOpenMetrics(const RandomAccessFile& file, bool go_on, SampleCollector* collector) {
  PieceReader pieces(file);
  Importer importer(go_on, collector);
  do {
    TICKBIRD_ASSIGN_OR_RETURN(std::string piece, pieces.Next());
    TICKBIRD_RETURN_IF_ERROR(importer.ReadPiece(std::move(piece), pieces.at_end()));
  } while (!pieces.at_end());
  return importer.Take();
}

}  // namespace tickbird::tsdb
