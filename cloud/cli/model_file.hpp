// Models as files: a flat float32 vector as npy (NumPy format 1.0) or safetensors, by the file's extension.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tributary::cli {

// All throw CommandFault with the file's fault in words. Values are finite.
std::vector<float> read_model(const std::filesystem::path& file, const std::string& architecture);
void write_model(const std::filesystem::path& file, const std::vector<float>& values,
                 const std::string& architecture, const std::string& hash);

// npy: one dimension, '<f4', C order.
std::string npy_of(const std::vector<float>& values);
std::vector<float> npy_values(std::string_view content);

// safetensors: a tensor per layer for "mlp:A-B-..-C" (layer0.weight [B, A], layer0.bias [B], ..), with
// standardise.mean and standardise.inverse_deviation in front for "standardise+mlp:..", else one tensor "parameters".
struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
};
std::vector<Tensor> tensors_of(const std::string& architecture, std::size_t parameters);
std::string safetensors_of(const std::vector<float>& values, const std::string& architecture,
                           const std::string& hash);
std::vector<float> safetensors_values(std::string_view content, const std::string& architecture);

}  // namespace tributary::cli
