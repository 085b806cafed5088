// How the flat parameters of an architecture divide into named tensors, and their bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::cli {

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // row-major, last index fastest
  std::uint64_t values() const;      // product of the shape
};

// In the order of the flat vector. "mlp:A-B-..-C": layer0.weight [B, A], layer0.bias [B], ..;
// with "local-head+" without the last layer;
// "standardise+mlp:..": standardise.mean [A] and standardise.inverse_deviation [A] in front; anything else,
// or a mlp with another number of parameters: one tensor "parameters".
std::vector<Tensor> tensors_of(const std::string& architecture, std::size_t parameters);

// Little-endian float32, back to back.
std::string bytes_of(const std::vector<float>& values);
// Throws CommandFault that names the tensor and the index of a value that is not finite.
std::vector<float> finite_floats(std::string_view bytes, const std::string& tensor);

}  // namespace tributary::cli
