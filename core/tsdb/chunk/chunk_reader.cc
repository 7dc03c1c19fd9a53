#include "core/tsdb/chunk/chunk_reader.h"

namespace tickbird::tsdb {

ChunkReader::ChunkReader(ChunkEncoding encoding, std::string_view chunk) {
  switch (encoding) {
    case ChunkEncoding::kXor:
      xor_ = XorReader(chunk);
      break;
    case ChunkEncoding::kHistogram:
      histograms_ = std::make_unique<HistogramDecoder>(chunk);
      break;
    case ChunkEncoding::kFloatHistogram:
      float_histograms_ = std::make_unique<FloatHistogramDecoder>(chunk);
      break;
  }
}

std::size_t ChunkReader::Read(std::span<TimestampMs> timestamps, std::span<double> values) {
  // Default for histograms: no samples.
  return xor_.Read(timestamps, values);
}

bool ChunkReader::ReadHistogram(TimestampMs* timestamp, FloatHistogram* histogram) {
  if (histograms_) return histograms_->Read(timestamp, histogram);
  return float_histograms_ && float_histograms_->Read(timestamp, histogram);
}

bool ChunkReader::ReadHistogram(TimestampMs* timestamp, Histogram* histogram) {
  return histograms_ && histograms_->Read(timestamp, histogram);
}

bool ChunkReader::damaged() const {
  if (histograms_) return histograms_->damaged();
  if (float_histograms_) return float_histograms_->damaged();
  return xor_.damaged();
}

}  // namespace tickbird::tsdb
