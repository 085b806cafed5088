// A model as safetensors: u64 header length, JSON header, then the tensors of tensors_of() as F32.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::cli {

// `hash` goes into the metadata, with the architecture.
std::string safetensors_of(const std::vector<float>& values, const std::string& architecture,
                           const std::string& hash);
// The flat parameters; the file holds exactly the architecture's tensors, in any order, without gaps. All values
// are finite. Throws CommandFault with what is wrong with the content, naming the tensor.
std::vector<float> safetensors_values(std::string_view content, const std::string& architecture);

}  // namespace tributary::cli
