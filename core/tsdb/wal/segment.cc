#include "core/tsdb/wal/segment.h"

#include <algorithm>

#include <fmt/core.h>
#include <snappy.h>

#include "core/base/crc32c.h"

namespace tickbird::tsdb {
namespace {

constexpr std::uint8_t kTypeMask = 0x07;
constexpr std::uint8_t kSnappyFlag = 0x08;
constexpr std::uint8_t kZstdFlag = 0x10;

enum FragmentType : std::uint8_t { kPadding = 0, kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// More than any program writes in one record; bounds what a damaged length can make us allocate.
constexpr std::size_t kMaxRecordBytes = std::size_t{256} << 20;

std::uint32_t LoadBe32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = (value << 8) | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

void PutHeader(std::string* out, std::uint8_t type, std::string_view data) {
  const std::uint32_t crc = Crc32c(data);
  const char header[kFragmentHeaderBytes] = {static_cast<char>(type),        static_cast<char>(data.size() >> 8),
                                             static_cast<char>(data.size()), static_cast<char>(crc >> 24),
                                             static_cast<char>(crc >> 16),   static_cast<char>(crc >> 8),
                                             static_cast<char>(crc)};
  out->append(header, sizeof header);
}

std::size_t LeftInPage(std::size_t offset) {
  return kPageBytes - offset % kPageBytes;
}

}  // namespace

std::size_t SegmentFramer::Prepare(std::string_view record) {
  compressed_.resize(snappy::MaxCompressedLength(record.size()));
  std::size_t size = 0;
  snappy::RawCompress(record.data(), record.size(), compressed_.data(), &size);
  const bool helps = size < record.size();
  payload_ = helps ? std::string_view(compressed_).substr(0, size) : record;
  flags_ = helps ? kSnappyFlag : 0;
  return payload_.size();
}

void SegmentFramer::Frame(std::size_t offset, std::string* out) const {
  std::string_view rest = payload_;
  for (bool first = true; first || !rest.empty(); first = false) {
    if (LeftInPage(offset) < kFragmentHeaderBytes) {
      const std::size_t padding = LeftInPage(offset);
      out->append(padding, '\0');
      offset += padding;
    }
    const std::string_view part = rest.substr(0, LeftInPage(offset) - kFragmentHeaderBytes);
    rest.remove_prefix(part.size());
    FragmentType type = kMiddle;
    if (first) type = rest.empty() ? kFull : kFirst;
    if (!first && rest.empty()) type = kLast;
    PutHeader(out, static_cast<std::uint8_t>(type | flags_), part);
    *out += part;
    offset += kFragmentHeaderBytes + part.size();
  }
}

void SegmentFramer::PadPage(std::size_t offset, std::string* out) {
  if (offset % kPageBytes != 0) out->append(LeftInPage(offset), '\0');
}

bool SegmentFramer::Fits(std::size_t payload_bytes, std::size_t offset, std::size_t segment_bytes) {
  // An empty segment takes anything: a record may be larger than all segments.
  if (offset == 0) return true;
  if (offset >= segment_bytes) return false;
  const std::size_t here = LeftInPage(offset);
  const std::size_t whole_pages = (segment_bytes - offset - here) / kPageBytes;
  const std::size_t room = (here > kFragmentHeaderBytes ? here - kFragmentHeaderBytes : 0) +
                           whole_pages * (kPageBytes - kFragmentHeaderBytes);
  return payload_bytes <= room;
}

SegmentReader::Outcome SegmentReader::Fail(Outcome outcome, std::string_view why) {
  problem_ = fmt::format("{} at byte {}", why, at_);
  return outcome;
}

/// Zeros to the end of the page.
SegmentReader::Outcome SegmentReader::SkipPadding() {
  const std::string_view padding = segment_.substr(at_, LeftInPage(at_));
  if (padding.find_first_not_of('\0') != std::string_view::npos) return Fail(Outcome::kDamaged, "padding is not zero");
  at_ += padding.size();
  return Outcome::kEnd;
}

SegmentReader::Outcome SegmentReader::ReadFragment(Fragment* fragment) {
  while (at_ < segment_.size() && (LeftInPage(at_) < kFragmentHeaderBytes || segment_[at_] == kPadding)) {
    if (const Outcome outcome = SkipPadding(); outcome != Outcome::kEnd) return outcome;
  }
  if (at_ >= segment_.size()) return Outcome::kEnd;
  const std::string_view rest = segment_.substr(at_, LeftInPage(at_));
  const bool is_last_page = at_ + LeftInPage(at_) >= segment_.size();
  if (rest.size() < kFragmentHeaderBytes) return Fail(Outcome::kTorn, "fragment header is cut short");
  fragment->type = static_cast<std::uint8_t>(rest[0]);
  const auto length =
      static_cast<std::size_t>((static_cast<unsigned char>(rest[1]) << 8) | static_cast<unsigned char>(rest[2]));
  if (kFragmentHeaderBytes + length > LeftInPage(at_))
    return Fail(Outcome::kDamaged, "fragment is longer than its page");
  if (kFragmentHeaderBytes + length > rest.size()) return Fail(Outcome::kTorn, "fragment is cut short");
  fragment->data = rest.substr(kFragmentHeaderBytes, length);
  if (Crc32c(fragment->data) != LoadBe32(rest.substr(3))) {
    // Bytes that reached the disk only in part, at the very end, are a torn write as well.
    const bool reaches_end = is_last_page && kFragmentHeaderBytes + length == rest.size();
    return Fail(reaches_end ? Outcome::kTorn : Outcome::kDamaged, "checksum does not match");
  }
  at_ += kFragmentHeaderBytes + length;
  return Outcome::kRecord;
}

SegmentReader::Outcome SegmentReader::Uncompress(std::uint8_t flags) {
  // As Prometheus writes it: an empty record is not compressed, whatever its flags say.
  if (flags == 0 || record_.empty()) return Outcome::kRecord;
  if (flags == kZstdFlag) {
    if (!zstd_.Decode(record_, kMaxRecordBytes, &uncompressed_))
      return Fail(Outcome::kDamaged, "compressed record is broken");
    record_ = uncompressed_;
    return Outcome::kRecord;
  }
  if (flags != kSnappyFlag) return Fail(Outcome::kDamaged, "record is compressed in two ways");
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(record_.data(), record_.size(), &size) || size > kMaxRecordBytes) {
    return Fail(Outcome::kDamaged, "compressed record says no usable length");
  }
  uncompressed_.resize(size);
  if (!snappy::RawUncompress(record_.data(), record_.size(), uncompressed_.data())) {
    return Fail(Outcome::kDamaged, "compressed record is broken");
  }
  record_ = uncompressed_;
  return Outcome::kRecord;
}

SegmentReader::Outcome SegmentReader::Next() {
  joined_.clear();
  for (bool first = true;; first = false) {
    Fragment fragment;
    const Outcome outcome = ReadFragment(&fragment);
    if (outcome == Outcome::kEnd && !first) return Fail(Outcome::kTorn, "record misses its last fragment");
    if (outcome != Outcome::kRecord) return outcome;
    const auto type = static_cast<std::uint8_t>(fragment.type & kTypeMask);
    const bool in_order = first ? type == kFull || type == kFirst : type == kMiddle || type == kLast;
    if (!in_order || fragment.type > (kTypeMask | kSnappyFlag | kZstdFlag)) {
      return Fail(Outcome::kDamaged, "fragment of an unexpected type");
    }
    if (type == kFull) {
      record_ = fragment.data;
    } else {
      joined_ += fragment.data;
      record_ = joined_;
    }
    if (type != kFull && type != kLast) {
      if (joined_.size() > kMaxRecordBytes) return Fail(Outcome::kDamaged, "record has no end");
      continue;
    }
    const Outcome uncompressed = Uncompress(static_cast<std::uint8_t>(fragment.type & ~kTypeMask));
    if (uncompressed == Outcome::kRecord) good_bytes_ = at_;
    return uncompressed;
  }
}

}  // namespace tickbird::tsdb
