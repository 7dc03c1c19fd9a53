// Any bytes as the answer of a server that `tickbird tsdb import url` asks.
#include <cstdint>
#include <string_view>

#include "agent/cli/range_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] const auto answer = tickbird::cli::ParseRangeAnswer({reinterpret_cast<const char*>(data), size});
  return 0;
}
