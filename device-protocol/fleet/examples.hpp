// Labelled rows of numbers, contiguous in memory, as trainers want them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tributary::fleet {

struct Examples {
  std::uint32_t features = 0;         // numbers per row
  std::vector<float> values;          // rows() * features, row after row, finite
  std::vector<std::uint32_t> labels;  // one per row, below Dataset::classes

  std::size_t rows() const { return labels.size(); }
  const float* row(std::size_t index) const { return values.data() + index * features; }
  void append(const float* row_values, std::uint32_t label) {
    values.insert(values.end(), row_values, row_values + features);
    labels.push_back(label);
  }
  // Adds row `index` of `from`, which has the same number of features.
  void append_row(const Examples& from, std::size_t index) {
    append(from.row(index), from.labels[index]);
  }
};

}  // namespace tributary::fleet
