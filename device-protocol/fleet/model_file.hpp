// Models as files: raw little-endian float32, or NumPy's .npy with dtype '<f4'.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

// Reads either format, told apart by .npy's magic. Shape and order of an array do not matter to us.
Outcome<std::vector<float>> read_model_file(const std::filesystem::path& path);

// Writes a one-dimensional .npy when the path ends in .npy, raw bytes otherwise. Replaces the file.
Outcome<void> write_model_file(const std::filesystem::path& path, std::span<const float> model);

}  // namespace tributary::fleet
