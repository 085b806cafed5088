// The IDX format of the MNIST family: big-endian head (two zero bytes, type 8 = unsigned byte,
// number of dimensions, each dimension as u32), then the bytes.
#pragma once

#include <span>

#include "device-protocol/fleet/dataset.hpp"

namespace tributary::fleet {

struct IdxArray {
  std::vector<std::uint32_t> dimensions;  // 1..3, none zero
  std::vector<std::uint8_t> bytes;        // exactly their product
};

// Parses a whole file's content; `name` is for the fault's text. Faults: another type, wrong number
// of dimensions, truncated, trailing bytes.
Outcome<IdxArray> parse_idx(std::span<const std::uint8_t> content, const std::string& name);

// Images and labels as examples with pixels in 0..1.
Outcome<Examples> examples_from_idx(const IdxArray& images, const IdxArray& labels,
                                    std::uint32_t classes, const std::string& name);

// Fashion-MNIST from Debian's package dataset-fashion-mnist, or the same four files elsewhere.
Outcome<Dataset> load_fashion_mnist(const std::filesystem::path& directory);

}  // namespace tributary::fleet
