// Mask expansion: word j of a mask is the little-endian b-bit word at byte j*b/8 of
// ChaCha20-IETF(key = seed, nonce 0, counter from 0). PROTOCOL.md 7.3.
#pragma once

#include "crypto/ring.hpp"
#include "crypto/secret.hpp"

namespace tributary::crypto {

// sum += PRG(seed) from the mask's byte `offset` on (a multiple of 64 and of the word size);
// sum.size() bytes, a whole number of words. Thread safe.
void add_mask(RingBits bits, const Seed& seed, std::uint64_t offset, std::span<std::uint8_t> sum);

// The sum of many masks over `words` words, the job of a helper. Pure CPU; call it on a worker.
Bytes sum_masks(RingBits bits, std::span<const Seed> seeds, std::size_t words);

}  // namespace tributary::crypto
