// A flat model as NumPy's npy, format 1.0: one dimension, little-endian float32 ('<f4'), C order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tributary::cli {

std::string npy_of(const std::vector<float>& values);
// All values are finite. Throws CommandFault with what is wrong with the content and the remedy.
std::vector<float> npy_values(std::string_view content);

}  // namespace tributary::cli
