#include "crypto/robust/distances.hpp"

#include <algorithm>
#include <numeric>

namespace tributary::robust {
namespace {

constexpr std::size_t block = 4096;

double squared_distance(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    const double difference = static_cast<double>(a[j]) - static_cast<double>(b[j]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

Distances::Distances(std::span<const Update> updates)
    : count_(updates.size()), squared_(count_ * count_) {
  const std::size_t size = updates.front().values.size();
  for (std::size_t at = 0; at < size; at += block) {
    const std::size_t length = std::min(block, size - at);
    for (std::size_t a = 0; a < count_; ++a) {
      for (std::size_t b = a + 1; b < count_; ++b) {
        squared_[a * count_ + b] += squared_distance(updates[a].values.subspan(at, length),
                                                     updates[b].values.subspan(at, length));
      }
    }
  }
  for (std::size_t a = 0; a < count_; ++a) {
    for (std::size_t b = 0; b < a; ++b) squared_[a * count_ + b] = squared_[b * count_ + a];
  }
}

double Distances::score(std::size_t a, std::size_t neighbours) const {
  std::vector<double> others;
  others.reserve(count_);
  for (std::size_t b = 0; b < count_; ++b) {
    if (b != a) others.push_back(squared(a, b));
  }
  const auto end = others.begin() + static_cast<std::ptrdiff_t>(neighbours);
  std::ranges::nth_element(others, end);
  return std::accumulate(others.begin(), end, 0.0);
}

}  // namespace tributary::robust
