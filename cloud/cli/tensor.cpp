#include "cloud/cli/tensor.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>

#include "cloud/cli/files.hpp"
#include "device-protocol/trainer/mlp.h"

namespace tributary::cli {

static_assert(std::endian::native == std::endian::little, "files hold the host's floats");

std::uint64_t Tensor::values() const {
  return std::accumulate(shape.begin(), shape.end(), std::uint64_t{1}, std::multiplies<>());
}

std::vector<Tensor> tensors_of(const std::string& architecture, std::size_t parameters) {
  trib_mlp_shape shape;
  if (trib_mlp_parse(&shape, architecture.c_str()) != TRIB_OK ||
      trib_mlp_parameters(&shape) - trib_mlp_personal(&shape) != parameters) {
    return {{"parameters", {parameters}}};
  }
  std::vector<Tensor> tensors;
  if (shape.standardise) {
    tensors.push_back({"standardise.mean", {shape.sizes[0]}});
    tensors.push_back({"standardise.inverse_deviation", {shape.sizes[0]}});
  }
  for (std::uint32_t l = 0; l + (shape.local_head ? 2 : 1) < shape.count; ++l) {
    const std::string name = "layer" + std::to_string(l);
    tensors.push_back({name + ".weight", {shape.sizes[l + 1], shape.sizes[l]}});
    tensors.push_back({name + ".bias", {shape.sizes[l + 1]}});
  }
  return tensors;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<float> finite_floats(std::string_view bytes, const std::string& tensor) {
  std::vector<float> values(bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      throw CommandFault("tensor '" + tensor + "' holds " + std::to_string(values[i]) +
                         " at index " + std::to_string(i) + "; a model has only finite values");
    }
  }
  return values;
}

}  // namespace tributary::cli
