// The block Hadamard rotation of PROTOCOL.md 6.1, from the side that undoes it. An update's norm, spread
// evenly over its words, needs a far narrower ring than its largest coordinate would (Kairouz, Liu and
// Steinke 2021, arXiv 2102.06387, section 4).
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::crypto {

// Words in a block: the largest power of two up to 4,096 and `words`; words from 1.
std::uint32_t rotation_block(std::uint32_t words);

// The seed of the public signs: the same at every gateway of a round, so that their sums can be added.
Hash rotation_seed(const TaskId& task, std::uint64_t round);

// In place, orthogonal; unrotate() undoes rotate().
void rotate(std::span<double> values, const Hash& seed);
void unrotate(std::span<double> values, const Hash& seed);

// How many deviations no word of a rotated vector of so many words exceeds, but once in 2^40:
// sqrt(2 ln(2 words 2^40)), Hoeffding's bound for sums with random signs.
double rotation_spread(std::uint32_t words);

}  // namespace tributary::crypto
