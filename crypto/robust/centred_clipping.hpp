// Centred clipping (Karimireddy, He and Jaggi 2021): v <- v + mean of clip(x_i - v, radius).
#pragma once

#include <cstdint>

#include "crypto/robust/updates.hpp"

namespace tributary::robust {

struct Clipping {
  double radius;             // above 0, in the updates' unit
  std::uint32_t iterations;  // from 1; the paper uses 1 to 5
};

// `start`: for example the mean of the round before, or zeros; as long as an update. Each update moves
// the result by at most radius / n an iteration, whatever it is. Weights do not count. Throws
// std::invalid_argument when a value is out of range.
std::vector<float> centred_clipping(std::span<const Update> updates, std::span<const float> start,
                                    const Clipping& clipping);

}  // namespace tributary::robust
