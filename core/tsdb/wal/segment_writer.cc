#include "core/tsdb/wal/segment_writer.h"

#include <utility>

#include <fmt/core.h>

namespace tickbird::tsdb {
namespace {

// Enough that large batches need few writes, little enough to be kept.
constexpr std::size_t kBufferBytes = std::size_t{128} << 10;

}  // namespace

std::string SegmentName(int index) {
  return fmt::format("{:08}", index);
}

SegmentWriter::SegmentWriter(Fs& fs, std::string directory, int first_index, std::size_t segment_bytes,
                             Observer observer)
    : fs_(fs),
      directory_(std::move(directory)),
      segment_bytes_(segment_bytes / kPageBytes * kPageBytes),
      observer_(std::move(observer)),
      index_(first_index - 1) {
  if (segment_bytes_ == 0) segment_bytes_ = kPageBytes;
}

Status SegmentWriter::Flush() {
  if (buffer_.empty()) return {};
  Status written = file_->Append(buffer_);
  if (written) {
    flushed_ += buffer_.size();
    observer_(index_, flushed_);
  } else if (!file_->Truncate(static_cast<std::int64_t>(flushed_))) {
    // Half a record may stand at its end now; a reader expects that only there.
    file_.reset();
  }
  buffer_.clear();
  if (buffer_.capacity() > 2 * kBufferBytes) buffer_.shrink_to_fit();
  return written;
}

Status SegmentWriter::Rotate() {
  if (file_) {
    SegmentFramer::PadPage(flushed_ + buffer_.size(), &buffer_);
    TICKBIRD_RETURN_IF_ERROR(Flush());
  }
  TICKBIRD_ASSIGN_OR_RETURN(file_, fs_.Create(JoinPath(directory_, SegmentName(index_ + 1))));
  ++index_;
  flushed_ = 0;
  return {};
}

Status SegmentWriter::Add(std::string_view record) {
  const std::size_t payload = framer_.Prepare(record);
  if (!file_ || !SegmentFramer::Fits(payload, flushed_ + buffer_.size(), segment_bytes_)) {
    TICKBIRD_RETURN_IF_ERROR(Rotate());
  }
  framer_.Frame(flushed_ + buffer_.size(), &buffer_);
  return buffer_.size() >= kBufferBytes ? Flush() : Status();
}

Status SegmentWriter::Append(const RecordWriter& records) {
  Status status;
  records.ForEach([&](std::string_view record) {
    if (status) status = Add(record);
  });
  if (status) return Flush();
  // A rotation that failed leaves records of this batch behind.
  buffer_.clear();
  return status;
}

}  // namespace tickbird::tsdb
