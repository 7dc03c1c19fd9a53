#include "core/tsdb/rollup/rollup_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "core/tsdb/chunk/bytes.h"
#include "core/tsdb/rollup/rollup_bits.h"

namespace tickbird::tsdb {
namespace {

// The first byte: an exponent (0 to 6), with kFromMax for how min is predicted; or kDoubles.
constexpr unsigned kMaxExponent = 6;
constexpr unsigned kFromMax = 8;
constexpr unsigned kDoubles = 16;
constexpr std::array<double, kMaxExponent + 1> kPowers = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
constexpr double kMaxWhole = 9007199254740992;  // 2^53: whole numbers up to here are exact
// Step, count and three numbers take a bit each at least.
constexpr std::size_t kMinPointBits = 5;

std::uint64_t Bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}

/// `value` as a whole number of 10^-exponent, if that is exact.
std::optional<std::int64_t> AsDecimal(double value, unsigned exponent) {
  const double whole = std::nearbyint(value * kPowers[exponent]);
  if (!(std::abs(whole) <= kMaxWhole)) return std::nullopt;
  if (Bits(whole / kPowers[exponent]) != Bits(value)) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

/// The sum lies near the decimals, not on them: additions round.
std::optional<std::int64_t> NearestDecimal(double value, unsigned exponent) {
  const double whole = std::nearbyint(value * kPowers[exponent]);
  if (!(std::abs(whole) <= kMaxWhole)) return std::nullopt;
  return static_cast<std::int64_t>(whole);
}

bool AreDecimals(const std::vector<RollupPoint>& points, unsigned exponent) {
  return std::all_of(points.begin(), points.end(), [&](const RollupPoint& point) {
    return AsDecimal(point.min, exponent) && AsDecimal(point.max, exponent) && NearestDecimal(point.sum, exponent);
  });
}

std::optional<unsigned> FindExponent(const std::vector<RollupPoint>& points) {
  for (unsigned exponent = 0; exponent <= kMaxExponent; ++exponent) {
    if (AreDecimals(points, exponent)) return exponent;
  }
  return std::nullopt;
}

/// Differences are taken modulo 2^64, so that any three numbers come back.
std::uint64_t Difference(std::int64_t value, std::uint64_t prediction) {
  return ZigZag(static_cast<std::int64_t>(static_cast<std::uint64_t>(value) - prediction));
}

std::int64_t Restore(std::uint64_t difference, std::uint64_t prediction) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(UnZigZag(difference)) + prediction);
}

/// The sum if the samples lay evenly between min and max: right for a counter that runs steadily.
std::uint64_t PredictSum(std::int64_t min, std::int64_t max, std::int64_t count) {
  const auto low = static_cast<std::uint64_t>(min);
  const std::uint64_t range = static_cast<std::uint64_t>(max) - low;
  const auto samples = static_cast<std::uint64_t>(count);
  return low * samples + range * samples / 2;
}

/// Numbers of one point as decimals, and what the next one is predicted from.
class DecimalColumns {
 public:
  explicit DecimalColumns(unsigned header) : exponent_(header & 7), from_max_((header & kFromMax) != 0) {}

  void Put(const RollupPoint& point, RollupBitWriter* out) {
    const std::int64_t min = *AsDecimal(point.min, exponent_);
    const std::int64_t max = *AsDecimal(point.max, exponent_);
    const std::int64_t sum = *NearestDecimal(point.sum, exponent_);
    out->PutNumber(Difference(min, base_));
    out->PutNumber(Difference(max, static_cast<std::uint64_t>(min)));
    out->PutNumber(Difference(sum, PredictSum(min, max, point.count)));
    out->PutNumber(Difference(static_cast<std::int64_t>(Bits(point.sum)), Bits(ToDouble(sum))));
    SetBase(min, max);
  }

  void Take(RollupBitReader* in, RollupPoint* point) {
    const std::int64_t min = Restore(in->TakeNumber(), base_);
    const std::int64_t max = Restore(in->TakeNumber(), static_cast<std::uint64_t>(min));
    const std::int64_t sum = Restore(in->TakeNumber(), PredictSum(min, max, point->count));
    point->min = ToDouble(min);
    point->max = ToDouble(max);
    point->sum = std::bit_cast<double>(static_cast<std::uint64_t>(Restore(in->TakeNumber(), Bits(ToDouble(sum)))));
    SetBase(min, max);
  }

 private:
  double ToDouble(std::int64_t value) const { return static_cast<double>(value) / kPowers[exponent_]; }
  void SetBase(std::int64_t min, std::int64_t max) { base_ = static_cast<std::uint64_t>(from_max_ ? max : min); }

  unsigned exponent_;
  bool from_max_;
  std::uint64_t base_ = 0;
};

/// One column of any doubles: a 0 for no change; 10 for a change inside the last window of bits; 11 with a new window
/// (6 bits of leading zeros, 6 of length less one).
class XorColumn {
 public:
  void Put(double value, RollupBitWriter* out) {
    const std::uint64_t change = Bits(value) ^ last_;
    last_ = Bits(value);
    if (change == 0) return out->Put(0, 1);
    const auto leading = static_cast<unsigned>(std::countl_zero(change));
    const auto trailing = static_cast<unsigned>(std::countr_zero(change));
    if (width_ > 0 && leading >= leading_ && trailing >= 64 - leading_ - width_) {
      out->Put(0b10, 2);
    } else {
      leading_ = leading;
      width_ = 64 - leading - trailing;
      out->Put((0b11U << 12) | (leading_ << 6) | (width_ - 1), 14);
    }
    out->Put(change >> (64 - leading_ - width_), width_);
  }

  double Take(RollupBitReader* in) {
    if (in->Take(1) == 0) return std::bit_cast<double>(last_);
    if (in->Take(1) == 1) {
      leading_ = static_cast<unsigned>(in->Take(6));
      width_ = static_cast<unsigned>(in->Take(6)) + 1;
    }
    // Foreign bytes may name a window that is none.
    if (width_ == 0 || leading_ + width_ > 64) {
      damaged_ = true;
      width_ = 0;
      return 0;
    }
    last_ ^= in->Take(width_) << (64 - leading_ - width_);
    return std::bit_cast<double>(last_);
  }

  bool damaged() const { return damaged_; }

 private:
  std::uint64_t last_ = 0;
  unsigned leading_ = 0;
  unsigned width_ = 0;  // 0: no window yet
  bool damaged_ = false;
};

class DoubleColumns {
 public:
  void Put(const RollupPoint& point, RollupBitWriter* out) {
    min_.Put(point.min, out);
    max_.Put(point.max, out);
    sum_.Put(point.sum, out);
  }
  void Take(RollupBitReader* in, RollupPoint* point) {
    point->min = min_.Take(in);
    point->max = max_.Take(in);
    point->sum = sum_.Take(in);
  }
  bool damaged() const { return min_.damaged() || max_.damaged() || sum_.damaged(); }

 private:
  XorColumn min_, max_, sum_;
};

template <class Columns>
void EncodeColumns(const std::vector<RollupPoint>& points, DurationMs resolution, Columns columns, std::string* out) {
  PutUvarint(*out, ZigZag(points.front().end / resolution));
  RollupBitWriter bits(out);
  TimestampMs end = points.front().end - resolution;
  std::int64_t count = 0;
  for (const RollupPoint& point : points) {
    bits.PutNumber(static_cast<std::uint64_t>((point.end - end) / resolution - 1));
    bits.PutNumber(ZigZag(point.count - count));
    columns.Put(point, &bits);
    end = point.end;
    count = point.count;
  }
}

void EncodeWith(unsigned header, const std::vector<RollupPoint>& points, DurationMs resolution, std::string* out) {
  out->push_back(static_cast<char>(header));
  PutUvarint(*out, points.size());
  if (points.empty()) return;
  if (header == kDoubles) {
    EncodeColumns(points, resolution, DoubleColumns(), out);
  } else {
    EncodeColumns(points, resolution, DecimalColumns(header), out);
  }
}

Error Damaged(std::string_view what) {
  return {ErrorCode::kCorruption, std::string(what)};
}

/// Where in time the points stand.
class EndReader {
 public:
  EndReader(std::int64_t first_bucket, DurationMs resolution)
      : bucket_(static_cast<std::int64_t>(static_cast<std::uint64_t>(first_bucket) - 1)),
        limit_(std::numeric_limits<std::int64_t>::max() / resolution) {}

  /// False when the time is out of range.
  bool Take(RollupBitReader* in) {
    const std::uint64_t step = in->TakeNumber();
    if (step >= static_cast<std::uint64_t>(limit_)) return false;
    const auto buckets = static_cast<std::int64_t>(step) + 1;
    if (bucket_ > limit_ - buckets) return false;
    bucket_ += buckets;
    return true;
  }
  bool StartsInRange() const { return bucket_ >= -limit_ && bucket_ < limit_; }
  std::int64_t bucket() const { return bucket_; }

 private:
  std::int64_t bucket_;
  std::int64_t limit_;
};

struct PointRange {
  std::uint64_t count;
  TimestampMs min_end;
  TimestampMs max_end;
};

template <class Columns>
Status DecodeColumns(RollupBitReader in, EndReader ends, DurationMs resolution, const PointRange& range,
                     Columns* columns, std::vector<RollupPoint>* points) {
  RollupPoint point;
  for (std::uint64_t i = 0; i < range.count; ++i) {
    if (!ends.Take(&in)) return Damaged("a point's time is out of range");
    point.end = ends.bucket() * resolution;
    point.count = Restore(in.TakeNumber(), static_cast<std::uint64_t>(point.count));
    if (point.count <= 0) return Damaged("a point without samples");
    columns->Take(&in, &point);
    if (point.end >= range.min_end && point.end <= range.max_end) points->push_back(point);
  }
  if (!in.ok()) return Damaged("the points end early");
  if (in.left() >= 8) return Damaged("bytes behind the last point");
  return {};
}

}  // namespace

void EncodeRollupPoints(const std::vector<RollupPoint>& points, DurationMs resolution, std::string* out) {
  const std::optional<unsigned> exponent = FindExponent(points);
  if (!exponent) return EncodeWith(kDoubles, points, resolution, out);
  // A counter goes on where it stood, a gauge stays around where it is: the shorter one shows which it was.
  std::string from_min, from_max;
  EncodeWith(*exponent, points, resolution, &from_min);
  EncodeWith(*exponent | kFromMax, points, resolution, &from_max);
  *out += from_max.size() < from_min.size() ? from_max : from_min;
}

Status DecodeRollupPoints(std::string_view bytes, DurationMs resolution, TimestampMs min_end, TimestampMs max_end,
                          std::vector<RollupPoint>* points) {
  ByteReader reader(bytes);
  const unsigned header = reader.Byte();
  const PointRange range = {.count = reader.Uvarint(), .min_end = min_end, .max_end = max_end};
  if (reader.ok() && range.count == 0 && reader.empty()) return {};
  const EndReader ends(reader.Varint(), resolution);
  if (!reader.ok()) return Damaged("the points have no head");
  if (header != kDoubles && (header & ~kFromMax) > kMaxExponent) return Damaged("the points have an unknown encoding");
  if (!ends.StartsInRange()) return Damaged("the first point's time is out of range");
  const RollupBitReader in(bytes.substr(bytes.size() - reader.left()));
  if (range.count > in.left() / kMinPointBits) return Damaged("more points than there are bytes for");
  const std::size_t before = points->size();
  Status status;
  if (header == kDoubles) {
    DoubleColumns columns;
    status = DecodeColumns(in, ends, resolution, range, &columns, points);
    if (status && columns.damaged()) status = Damaged("a window of bits that is none");
  } else {
    DecimalColumns columns(header);
    status = DecodeColumns(in, ends, resolution, range, &columns, points);
  }
  if (!status) points->resize(before);
  return status;
}

}  // namespace tickbird::tsdb
