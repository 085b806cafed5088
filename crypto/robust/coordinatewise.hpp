// Rules that look at each coordinate by itself (Yin, Chen, Ramchandran and Bartlett 2018). Weights
// do not count: a weight is what an attacker would claim first.
#pragma once

#include "crypto/robust/updates.hpp"

namespace tributary::robust {

// The middle value, or the mean of the two middle ones.
std::vector<float> coordinate_median(std::span<const Update> updates);

// The mean without the `trim` smallest and the `trim` largest. Throws std::invalid_argument unless
// 2 trim < n.
std::vector<float> trimmed_mean(std::span<const Update> updates, std::size_t trim);

}  // namespace tributary::robust
