// Rules that choose whom to believe; the mean over the chosen may keep their weights. Indices come
// back in ascending order.
#pragma once

#include "crypto/robust/updates.hpp"

namespace tributary::robust {

// Those whose norm is at most `factor` (above 0) times the median norm: at least half of them when
// factor >= 1. Stops scaled updates, not flipped ones.
std::vector<std::size_t> norm_filter(std::span<const Update> updates, double factor);

// Krum and multi-Krum (Blanchard, El Mhamdi, Guerraoui and Stainer 2017): the `keep` updates with the
// smallest sum of squared distances to their n - f - 2 nearest others. keep = 1 is Krum. Throws
// std::invalid_argument unless n >= 2 f + 3 and 1 <= keep <= n - f - 2. Ties go to the lower index.
std::vector<std::size_t> multi_krum(std::span<const Update> updates, std::size_t attackers,
                                    std::size_t keep);

}  // namespace tributary::robust
