// The updates a robust rule looks at: equally long vectors of finite numbers, each with a weight.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tributary::robust {

// Borrowed: whoever makes it keeps the numbers alive.
struct Update {
  std::span<const float> values;
  double weight = 1;  // finite, above 0; for example examples behind it
};

// Throws std::invalid_argument that names the first update at fault: none at all, lengths that
// differ, a number that is not finite, a weight that is not above 0.
void require_sound(std::span<const Update> updates);

double norm(std::span<const float> values);  // L2, in double precision

// Weighted mean of the updates in `chosen`, indices without repetition, at least one.
std::vector<float> weighted_mean(std::span<const Update> updates,
                                 std::span<const std::size_t> chosen);

}  // namespace tributary::robust
