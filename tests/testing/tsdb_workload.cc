#include "tests/testing/tsdb_workload.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace tickbird::testing {
namespace {

/// The same numbers everywhere, which the standard's distributions do not promise.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111eb;
    return z ^ (z >> 31U);
  }
  int Below(int end) { return static_cast<int>(Next() % static_cast<std::uint64_t>(end)); }
  /// Around 0, mostly within `spread`.
  int Around(int spread) { return Below(spread) + Below(spread) - spread; }
  double Fraction() { return static_cast<double>(Next() >> 11U) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

using Value = std::variant<double, Histogram, FloatHistogram>;

enum class Kind {
  kCounter,
  kGauge,
  kConstant,
  kSpecial,
  kWild,
  kIntegers,
  kFloats,
  kGauges,
  kCustom,
  kCustomFloats,
  kMixed
};
constexpr int kFloatKinds = 5;
constexpr int kKinds = 11;

/// Counts by bucket index, and from there a histogram.
struct Shape {
  std::int32_t schema = 0;
  double width = 0;
  std::vector<double> bounds;
  std::uint64_t zero = 0;
  double sum = 0;
  std::map<std::int32_t, std::uint64_t> positive;
  std::map<std::int32_t, std::uint64_t> negative;
};

/// Lays buckets out; a hole of one bucket becomes an empty bucket, as client libraries do it. Returns the total.
std::uint64_t LayOut(const std::map<std::int32_t, std::uint64_t>& counts, std::vector<HistogramSpan>* spans,
                     std::vector<std::int64_t>* deltas) {
  std::int32_t end = 0;
  std::int64_t before = 0;
  std::uint64_t total = 0;
  const auto push = [&](std::uint64_t count) {
    ++spans->back().length;
    deltas->push_back(static_cast<std::int64_t>(count) - before);
    before = static_cast<std::int64_t>(count);
    total += count;
    ++end;
  };
  for (const auto& [index, count] : counts) {
    if (spans->empty() || index > end + 1) {
      spans->push_back({.offset = index - end});
      end = index;
    } else if (index == end + 1) {
      push(0);
    }
    push(count);
  }
  return total;
}

Histogram ToHistogram(const Shape& shape, bool gauge) {
  Histogram histogram;
  histogram.layout.schema = shape.schema;
  histogram.layout.zero_threshold = shape.width;
  histogram.layout.custom_values = shape.bounds;
  histogram.hint = gauge ? CounterResetHint::kGauge : CounterResetHint::kUnknown;
  histogram.zero_count = shape.zero;
  histogram.sum = shape.sum;
  histogram.count = shape.zero;
  histogram.count += LayOut(shape.positive, &histogram.layout.positive_spans, &histogram.positive_deltas);
  histogram.count += LayOut(shape.negative, &histogram.layout.negative_spans, &histogram.negative_deltas);
  return histogram;
}

FloatHistogram Scaled(const Histogram& whole) {
  FloatHistogram histogram = whole.ToFloat();
  const double factor = 0.37;
  histogram.count *= factor;
  histogram.zero_count *= factor;
  for (double& count : histogram.positive_buckets) count *= factor;
  for (double& count : histogram.negative_buckets) count *= factor;
  return histogram;
}

class Series {
 public:
  Series(int number, Kind kind, const TsdbWorkloadOptions& options, Random& random)
      : kind_(kind),
        labels_(MakeLabels(number, kind, options.utf8)),
        text_(SeriesText(labels_)),
        last_(options.rounds) {
    if (number % 7 == 3) {
      first_ = options.rounds / 5 + random.Below(options.rounds / 5 + 1);
      last_ = options.rounds / 2 + random.Below(options.rounds / 5 + 1);
    } else if (number % 7 == 5) {
      first_ = options.rounds * 2 / 3;
    }
  }

  bool LivesIn(int round) const { return round >= first_ && round < last_; }
  const Labels& labels() const { return labels_; }
  const std::string& text() const { return text_; }
  int first() const { return first_; }
  bool has_only_floats() const { return static_cast<int>(kind_) < kFloatKinds; }
  SeriesRef ref = 0;
  TimestampMs newest = 0;
  bool ends_in_histogram = false;

  Value Next(Random& random) {
    Kind kind = kind_;
    if (kind_ == Kind::kMixed) {
      if (random.Below(25) == 0) part_ = static_cast<Kind>(random.Below(static_cast<int>(Kind::kMixed)));
      kind = part_;
    }
    switch (kind) {
      case Kind::kCounter:
        return counter_ = random.Below(200) == 0 ? 0 : counter_ + random.Below(100);
      case Kind::kGauge:
        return gauge_ += random.Around(100) / 100.0;
      case Kind::kConstant:
        return 1.0;
      case Kind::kSpecial:
        return Special(random);
      // Without the top bit of the exponent: some are subnormal, none is a NaN.
      case Kind::kWild:
        return std::bit_cast<double>(random.Next() & ~(std::uint64_t{1} << 62U));
      case Kind::kIntegers:
        return Exponential(random, false, false);
      case Kind::kFloats:
        return Exponential(random, true, false);
      case Kind::kGauges:
        return Exponential(random, false, true);
      case Kind::kCustom:
        return Custom(random, false);
      case Kind::kCustomFloats:
        return Custom(random, true);
      case Kind::kMixed:
        break;
    }
    return 0.0;
  }

 private:
  static Labels MakeLabels(int number, Kind kind, bool utf8) {
    const bool wide = utf8 && number % 3 == 1;
    LabelsBuilder builder;
    builder.Set("__name__", "tickbird_kind_" + std::to_string(static_cast<int>(kind)) + (wide ? ".tick/π" : ""));
    builder.Set("n", std::to_string(number));
    if (wide) builder.Set("ünï.cöde {}", "yes");
    if (number % 4 == 1) builder.Set("value", "quote \" backslash \\ line \n tab \t é 漢字");
    if (number % 4 == 2) builder.Set("long", std::string(300, 'x') + std::to_string(number));
    return builder.Build();
  }

  static double Special(Random& random) {
    using Limits = std::numeric_limits<double>;
    const std::array values = {0.0,
                               -0.0,
                               Limits::infinity(),
                               -Limits::infinity(),
                               Limits::max(),
                               Limits::denorm_min(),
                               1e-300,
                               StaleMarker(),
                               std::bit_cast<double>(kNormalNanBits),
                               std::bit_cast<double>(0x7ff8000000000123)};
    return values[static_cast<std::size_t>(random.Below(values.size()))];
  }

  Value Exponential(Random& random, bool as_float, bool as_gauge) {
    if (random.Below(90) == 0 || shape_.schema == kCustomBucketsSchema) {
      const std::array widths = {0.0, 0.001, 1e-128, 2.5};
      shape_ = {.schema = random.Below(13) - 4, .width = widths[static_cast<std::size_t>(random.Below(4))]};
    }
    if (random.Below(120) == 0) {
      if (as_float) return FloatHistogram{.sum = StaleMarker()};
      return Histogram{.sum = StaleMarker()};
    }
    for (int i = random.Below(6); i > 0; --i) {
      const auto count = static_cast<std::uint64_t>(random.Below(50) + 1);
      switch (random.Below(5)) {
        case 0:
          shape_.zero += count;
          break;
        case 1:
          shape_.negative[random.Around(10)] += count;
          break;
        default:
          shape_.positive[random.Around(30)] += count;
          break;
      }
      shape_.sum += random.Around(100) / 10.0;
    }
    if (as_gauge) std::erase_if(shape_.positive, [&](const auto&) { return random.Below(10) == 0; });
    return Finish(as_float, as_gauge);
  }

  Value Custom(Random& random, bool as_float) {
    if (random.Below(100) == 0 || shape_.schema != kCustomBucketsSchema) {
      shape_ = {.schema = kCustomBucketsSchema};
      double bound = random.Fraction();
      for (int i = random.Below(8) + 3; i > 0; --i) {
        shape_.bounds.push_back(bound);
        bound += std::array{0.001, 0.5, 1.0, 12.345}[static_cast<std::size_t>(random.Below(4))];
      }
    }
    for (int i = random.Below(4); i > 0; --i) {
      shape_.positive[random.Below(static_cast<int>(shape_.bounds.size()) + 1)] += static_cast<std::uint64_t>(i);
      shape_.sum += random.Fraction();
    }
    return Finish(as_float, false);
  }

  Value Finish(bool as_float, bool as_gauge) const {
    const Histogram histogram = ToHistogram(shape_, as_gauge);
    if (as_float) return Scaled(histogram);
    return histogram;
  }

  Kind kind_;
  Kind part_ = Kind::kCounter;
  Labels labels_;
  std::string text_;
  int first_ = 0;
  int last_;
  double counter_ = 0;
  double gauge_ = 50;
  Shape shape_;
};

class Runner {
 public:
  Runner(const TsdbWorkloadOptions& options, Appendable& store, const TsdbWorkloadHooks& hooks, TsdbContent* truth)
      : options_(options), store_(store), hooks_(hooks), truth_(truth), random_(options.seed) {
    for (int n = 0; n < options.series; ++n) {
      const auto kind = static_cast<Kind>(n % (options.histograms ? kKinds : kFloatKinds));
      series_.emplace_back(n, kind, options, random_);
    }
  }

  Status Run() {
    for (int round = 0; round < options_.rounds; ++round) {
      const TimestampMs now = options_.start + round * options_.step;
      TICKBIRD_RETURN_IF_ERROR(Round(round, now));
      if (options_.late_by > 0 && round > 10) TICKBIRD_RETURN_IF_ERROR(Late(now));
      if (hooks_.after_round) TICKBIRD_RETURN_IF_ERROR(hooks_.after_round(round, now));
      if (hooks_.remove && (round == options_.rounds * 2 / 3 || round == options_.rounds - 1)) {
        TICKBIRD_RETURN_IF_ERROR(Remove(now, round * options_.step / 20));
      }
    }
    return {};
  }

 private:
  Status Round(int round, TimestampMs now) {
    const auto appender = store_.NewAppender();
    for (std::size_t n = 0; n < series_.size(); ++n) {
      Series& series = series_[n];
      if (!series.LivesIn(round)) continue;
      // Scrapes are not on the dot.
      TICKBIRD_RETURN_IF_ERROR(
          Append(*appender, series, now + random_.Below(3) * random_.Below(40), series.Next(random_)));
      if (round == series.first()) {
        appender->SetMetadata(series.labels().MetricName(),
                              {.type = MetricType::kGauge, .help = "Series of a test.", .unit = "ticks"});
      }
      if (options_.exemplars && (static_cast<std::size_t>(round) + n) % 40 == 0) {
        const Exemplar exemplar{
            .labels = {{"trace_id", std::to_string(random_.Next())}}, .value = random_.Fraction(), .timestamp = now};
        TICKBIRD_RETURN_IF_ERROR(appender->AppendExemplar(series.ref, series.labels(), exemplar));
        truth_->AddExemplar(series.text(), exemplar);
      }
    }
    return appender->Commit();
  }

  /// Samples of the past at times that nobody has: those in order are at most 80 ms after a step.
  Status Late(TimestampMs now) {
    const auto appender = store_.NewAppender();
    for (Series& series : series_) {
      if (!series.ref || !series.has_only_floats() || random_.Below(4) != 0) continue;
      const DurationMs reach = std::min(options_.late_by * 9 / 10, now - options_.start);
      TimestampMs t = now - static_cast<DurationMs>(random_.Next() % static_cast<std::uint64_t>(reach + 1));
      t += options_.step / 2 - (t - options_.start) % options_.step;
      if (t >= now || truth_->Has(series.text(), t)) continue;
      TICKBIRD_RETURN_IF_ERROR(Append(*appender, series, t, static_cast<double>(t % 1000)));
    }
    return appender->Commit();
  }

  Status Append(Appender& appender, Series& series, TimestampMs t, const Value& value) {
    const auto ref = std::visit([&](const auto& v) { return AppendTo(appender, series, t, v); }, value);
    if (!ref) return WithContext(series.text() + " at " + std::to_string(t), ref.error());
    series.ref = *ref;
    Note(series, t, value);
    return {};
  }

  /// A float stale marker behind a histogram is kept as a histogram's, as in Prometheus.
  void Note(Series& series, TimestampMs t, const Value& value) {
    const double* const number = std::get_if<double>(&value);
    const bool in_order = t > series.newest;
    if (in_order) series.newest = t;
    if (number && IsStaleMarker(*number) && in_order && series.ends_in_histogram) {
      truth_->Add(series.text(), t, FloatHistogram{.sum = *number});
      return;
    }
    if (in_order) series.ends_in_histogram = !number;
    if (const auto* whole = std::get_if<Histogram>(&value)) {
      truth_->Add(series.text(), t, whole->ToFloat());
    } else if (const auto* counts = std::get_if<FloatHistogram>(&value)) {
      truth_->Add(series.text(), t, *counts);
    } else {
      truth_->Add(series.text(), t, *number);
    }
  }
  static Result<SeriesRef> AppendTo(Appender& appender, const Series& series, TimestampMs t, double value) {
    return appender.Append(series.ref, series.labels(), t, value);
  }
  static Result<SeriesRef> AppendTo(Appender& appender, const Series& series, TimestampMs t, const auto& histogram) {
    return appender.AppendHistogram(series.ref, series.labels(), t, histogram);
  }

  /// A piece of some series, whole series, and a piece of all; nothing within the out-of-order window: what comes late
  /// into a deleted interval is another question.
  Status Remove(TimestampMs now, DurationMs length) {
    const TimestampMs end = now - options_.late_by - options_.step;
    TICKBIRD_RETURN_IF_ERROR(Remove("[0-9]*[13]", {.min = end - 2 * length, .max = end - length}));
    TICKBIRD_RETURN_IF_ERROR(Remove("[0-9]*[27]", {.min = end - 9 * length, .max = end - 4 * length}));
    TICKBIRD_RETURN_IF_ERROR(Remove("4", {.min = options_.start - 1, .max = end}));
    return Remove(".+", {.min = end - 6 * length, .max = end - 6 * length + 5 * options_.step});
  }
  Status Remove(const std::string& pattern, tsdb::Interval interval) {
    TICKBIRD_ASSIGN_OR_RETURN(const Matcher matcher, Matcher::Create(Matcher::Type::kRegex, "n", pattern));
    TICKBIRD_RETURN_IF_ERROR(hooks_.remove({matcher}, interval));
    for (const Series& series : series_) {
      if (matcher.Matches(series.labels())) truth_->Remove(series.text(), interval.min, interval.max);
    }
    return {};
  }

  const TsdbWorkloadOptions& options_;
  Appendable& store_;
  const TsdbWorkloadHooks& hooks_;
  TsdbContent* truth_;
  Random random_;
  std::vector<Series> series_;
};

}  // namespace

Status RunTsdbWorkload(const TsdbWorkloadOptions& options, Appendable& store, const TsdbWorkloadHooks& hooks,
                       TsdbContent* truth) {
  return Runner(options, store, hooks, truth).Run();
}

}  // namespace tickbird::testing
