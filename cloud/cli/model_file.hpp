// A model as a file: npy or safetensors, by the file's extension.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tributary::cli {

// All throw CommandFault that names the file and its fault. Values are finite; a file is at most 64 MiB.
std::vector<float> read_model(const std::filesystem::path& file, const std::string& architecture);
void write_model(const std::filesystem::path& file, const std::vector<float>& values,
                 const std::string& architecture, const std::string& hash);

}  // namespace tributary::cli
