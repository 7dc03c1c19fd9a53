#include "core/tsdb/wal/zstd_decoder.h"

#include <zstd.h>

#include <algorithm>
#include <new>

namespace tickbird::tsdb {

void ZstdDecoder::Free::operator()(ZSTD_DCtx_s* context) const {
  ZSTD_freeDCtx(context);
}

// As a stream, because small frames do not say how large their content is.
bool ZstdDecoder::Decode(std::string_view compressed, std::size_t max_bytes, std::string* out) {
  if (!context_) context_.reset(ZSTD_createDCtx());
  if (!context_) throw std::bad_alloc();
  ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
  ZSTD_inBuffer input = {compressed.data(), compressed.size(), 0};
  out->resize(std::min(max_bytes, std::max<std::size_t>(4 * compressed.size(), 1024)));
  std::size_t filled = 0;
  while (true) {
    ZSTD_outBuffer output = {out->data(), out->size(), filled};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &output, &input);
    filled = output.pos;
    if (ZSTD_isError(left) != 0) return false;
    if (left == 0) break;
    // It wants more input, which is not there, or more room.
    if (filled < out->size() || out->size() == max_bytes) return false;
    out->resize(std::min(max_bytes, 2 * out->size()));
  }
  out->resize(filled);
  return input.pos == input.size;
}

}  // namespace tickbird::tsdb
