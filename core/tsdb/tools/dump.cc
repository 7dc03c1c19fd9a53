#include "core/tsdb/tools/dump.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::tsdb {
namespace {

void AppendLabels(std::string& out, const Labels& labels) {
  out += '{';
  bool first = true;
  for (const LabelView& label : labels) {
    if (!first) out += ", ";
    first = false;
    out += label.name;
    out += '=';
    out += Quoted(label.value);
  }
  out += '}';
}

/// The upper bound of bucket `index` on the positive side.
double UpperBound(const HistogramLayout& layout, std::int64_t index) {
  if (!layout.UsesCustomBuckets()) return std::exp2(static_cast<double>(index) * std::exp2(-layout.schema));
  if (index < 0) return -std::numeric_limits<double>::infinity();
  const auto at = static_cast<std::size_t>(index);
  return at < layout.custom_values.size() ? layout.custom_values[at] : std::numeric_limits<double>::infinity();
}

struct Bucket {
  double lower;
  double upper;
  double count;
};

std::vector<Bucket> FilledBuckets(const HistogramLayout& layout, const std::vector<HistogramSpan>& spans,
                                  const std::vector<double>& counts) {
  std::vector<Bucket> buckets;
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const HistogramSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
      if (counts[at] != 0) buckets.push_back({UpperBound(layout, index - 1), UpperBound(layout, index), counts[at]});
    }
  }
  return buckets;
}

void AppendBucket(std::string& out, char open, double lower, double upper, char close, double count) {
  out += ", ";
  out += open;
  AppendGoNumber(out, lower);
  out += ',';
  AppendGoNumber(out, upper);
  out += close;
  out += ':';
  AppendGoNumber(out, count);
}

/// Writes the lines of one series.
class SeriesDump {
 public:
  SeriesDump(const Labels& labels, TextBuffer* buffer) : buffer_(*buffer) { AppendLabels(prefix_, labels); }

  Status Write(SeriesCursor& cursor, DumpStats* stats) {
    std::array<TimestampMs, 256> timestamps;
    std::array<double, 256> values;
    TimestampMs time = 0;
    FloatHistogram histogram;
    while (true) {
      if (const std::size_t got = cursor.Read(timestamps, values); got > 0) {
        for (std::size_t i = 0; i < got; ++i) {
          Begin();
          AppendGoNumber(buffer_.text(), values[i]);
          TICKBIRD_RETURN_IF_ERROR(End(timestamps[i]));
        }
        stats->samples += static_cast<std::int64_t>(got);
      } else if (cursor.ReadHistogram(&time, &histogram)) {
        Begin();
        AppendHistogram(buffer_.text(), histogram);
        TICKBIRD_RETURN_IF_ERROR(End(time));
        ++stats->samples;
        ++stats->histograms;
      } else {
        return {};
      }
    }
  }

 private:
  void Begin() {
    buffer_.text() += prefix_;
    buffer_.text() += ' ';
  }
  Status End(TimestampMs time) {
    buffer_.text() += ' ';
    buffer_.text() += std::to_string(time);
    buffer_.text() += '\n';
    return buffer_.FlushIfLarge();
  }

  std::string prefix_;
  TextBuffer& buffer_;
};

}  // namespace

void AppendGoNumber(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  std::array<char, 32> text;
  const auto scientific = std::to_chars(text.begin(), text.end(), value, std::chars_format::scientific);
  const char* const mark = std::find(text.begin(), scientific.ptr, 'e');
  int exponent = 0;
  // from_chars takes no '+'.
  std::from_chars(mark + 1 + (mark[1] == '+' ? 1 : 0), scientific.ptr, exponent);
  constexpr int kMinPlain = -4;
  constexpr int kMaxPlain = 5;
  if (exponent < kMinPlain || exponent > kMaxPlain) {
    out.append(text.begin(), scientific.ptr);
    return;
  }
  std::array<char, 64> plain;
  const auto fixed = std::to_chars(plain.begin(), plain.end(), value, std::chars_format::fixed);
  out.append(plain.begin(), fixed.ptr);
}

void AppendHistogram(std::string& out, const FloatHistogram& histogram) {
  out += "{count:";
  AppendGoNumber(out, histogram.count);
  out += ", sum:";
  AppendGoNumber(out, histogram.sum);
  auto negative = FilledBuckets(histogram.layout, histogram.layout.negative_spans, histogram.negative_buckets);
  std::reverse(negative.begin(), negative.end());
  for (const Bucket& bucket : negative) AppendBucket(out, '[', -bucket.upper, -bucket.lower, ')', bucket.count);
  if (histogram.zero_count != 0) {
    AppendBucket(out, '[', -histogram.layout.zero_threshold, histogram.layout.zero_threshold, ']',
                 histogram.zero_count);
  }
  for (const Bucket& bucket :
       FilledBuckets(histogram.layout, histogram.layout.positive_spans, histogram.positive_buckets)) {
    AppendBucket(out, std::isinf(bucket.lower) ? '[' : '(', bucket.lower, bucket.upper, ']', bucket.count);
  }
  out += '}';
}

Result<DumpStats> DumpSamples(const Queryable& data, const Selection& selection, const TextSink& sink) {
  TICKBIRD_ASSIGN_OR_RETURN(auto selected, data.Select(selection));
  std::sort(selected.begin(), selected.end(),
            [](const SelectedSeries& a, const SelectedSeries& b) { return a.labels < b.labels; });
  DumpStats stats;
  TextBuffer buffer(sink);
  for (SelectedSeries& series : selected) {
    ++stats.series;
    TICKBIRD_RETURN_IF_ERROR(SeriesDump(series.labels, &buffer).Write(*series.cursor, &stats));
    if (const Status read = series.cursor->status(); !read)
      stats.damages.push_back(fmt::format("{}: {}", series.labels.ToString(), read.error().message));
    // What it read goes before the next one is opened.
    series.cursor.reset();
  }
  TICKBIRD_RETURN_IF_ERROR(buffer.Flush());
  return stats;
}

}  // namespace tickbird::tsdb
