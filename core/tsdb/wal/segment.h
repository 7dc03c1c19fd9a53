#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/tsdb/wal/zstd_decoder.h"

/// The framing of records in a segment of the log: pages of 32 KiB; a record is one or more fragments, each with a
/// header of type and flags (1 byte), length (2) and CRC-32C (4); no fragment crosses a page; the rest of a page is
/// zeros. Source: prometheus/prometheus tsdb/docs/format/wal.md, tsdb/wlog/wlog.go.
namespace tickbird::tsdb {

inline constexpr std::size_t kPageBytes = 32768;
inline constexpr std::size_t kFragmentHeaderBytes = 7;

/// Appends `record`, compressed with snappy when that makes it smaller, to `out` as it stands at `offset` of a segment.
/// Scratch memory is kept between calls. Not thread safe.
class SegmentFramer {
 public:
  /// Prepares a record, which must live until Frame, and returns the payload bytes that Frame will write.
  std::size_t Prepare(std::string_view record);
  /// Frames the prepared record. `offset` is where the first byte will stand in the segment.
  void Frame(std::size_t offset, std::string* out) const;
  /// Zeros up to the next page.
  static void PadPage(std::size_t offset, std::string* out);
  /// Whether `payload_bytes` more fit behind `offset` in a segment of `segment_bytes`.
  static bool Fits(std::size_t payload_bytes, std::size_t offset, std::size_t segment_bytes);

 private:
  std::string compressed_;
  std::string_view payload_;
  std::uint8_t flags_ = 0;
};

/// Takes records off the bytes of one segment, which may be anything: plain ones, and such that are compressed with
/// snappy or zstd. Not thread safe.
class SegmentReader {
 public:
  enum class Outcome {
    kRecord,   ///< record() is the next one.
    kEnd,      ///< All read.
    kTorn,     ///< The last record reaches the end of the file and is not whole: a write that was cut short.
    kDamaged,  ///< Bytes are wrong and others follow.
  };

  explicit SegmentReader(std::string_view segment) : segment_(segment) {}
  Outcome Next();
  /// Valid until the next call.
  std::string_view record() const { return record_; }
  /// Just past the last whole record: what stands before it is good.
  std::size_t good_bytes() const { return good_bytes_; }
  /// What is wrong, after kTorn or kDamaged.
  const std::string& problem() const { return problem_; }

 private:
  struct Fragment {
    std::uint8_t type = 0;
    std::string_view data;
  };
  Outcome ReadFragment(Fragment* fragment);
  Outcome SkipPadding();
  Outcome Fail(Outcome outcome, std::string_view why);
  Outcome Uncompress(std::uint8_t flags);

  std::string_view segment_;
  std::size_t at_ = 0;
  std::size_t good_bytes_ = 0;
  std::string joined_;
  std::string uncompressed_;
  ZstdDecoder zstd_;
  std::string_view record_;
  std::string problem_;
};

}  // namespace tickbird::tsdb
