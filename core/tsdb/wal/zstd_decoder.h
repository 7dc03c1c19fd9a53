#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct ZSTD_DCtx_s;

namespace tickbird::tsdb {

/// Undoes zstd compression. Keeps its memory (some 100 KiB, more for large frames) from one call to the next; takes
/// none before the first. Not thread safe.
class ZstdDecoder {
 public:
  /// False: `compressed` is not exactly one whole frame, or holds more than `max_bytes`; `out` is anything then.
  bool Decode(std::string_view compressed, std::size_t max_bytes, std::string* out);

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;
};

}  // namespace tickbird::tsdb
