// CRC-32C (Castagnoli), as in RFC 3720: crc32c("123456789") = 0xe3069283.
#pragma once

#include <cstdint>
#include <span>

namespace tributary::storage {

// Continues `crc`, the result for the bytes before; 0 to begin.
std::uint32_t crc32c(std::uint32_t crc, std::span<const std::uint8_t> bytes);
// The same without the processor's instruction for it.
std::uint32_t crc32c_portable(std::uint32_t crc, std::span<const std::uint8_t> bytes);

}  // namespace tributary::storage
