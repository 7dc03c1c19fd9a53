#pragma once

#include <cstdint>
#include <string_view>

namespace tickbird {

/// CRC-32C (Castagnoli), as in RFC 3720 B.4: the checksum of Prometheus' log and chunk files. Uses the processor's
/// instruction where there is one. Crc32c("123456789") == 0xe3069283. `before` is the checksum of what stands in front
/// of `bytes`: Crc32c("56789", Crc32c("1234")) is the same.
std::uint32_t Crc32c(std::string_view bytes, std::uint32_t before = 0);

/// The portable form, for processors without the instruction; public so that a test can hold both against each other.
std::uint32_t Crc32cPortable(std::string_view bytes, std::uint32_t before = 0);

}  // namespace tickbird
