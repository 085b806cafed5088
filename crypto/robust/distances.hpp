// Squared L2 distances between all pairs of updates.
#pragma once

#include "crypto/robust/updates.hpp"

namespace tributary::robust {

class Distances {
 public:
  // Time O(n^2 d), memory O(n^2); coordinates in blocks that stay in the cache.
  explicit Distances(std::span<const Update> updates);

  double squared(std::size_t a, std::size_t b) const { return squared_[a * count_ + b]; }
  // Krum's score: the sum of the squared distances from `a` to its nearest `neighbours` others, fewer
  // than all.
  double score(std::size_t a, std::size_t neighbours) const;

 private:
  std::size_t count_;
  std::vector<double> squared_;
};

}  // namespace tributary::robust
