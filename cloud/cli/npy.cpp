#include "cloud/cli/npy.hpp"

#include <regex>

#include "cloud/cli/files.hpp"
#include "cloud/cli/tensor.hpp"

namespace tributary::cli {
namespace {

constexpr std::string_view magic("\x93NUMPY\x01\x00", 8);
constexpr std::size_t preamble = magic.size() + 2;  // the header's length follows as two bytes
constexpr std::size_t max_header = 4096;

// The header's text, checked to lie within the content.
std::string header_of(std::string_view content) {
  if (!content.starts_with(magic.substr(0, 6)))
    throw CommandFault("not an npy file: it does not begin with \\x93NUMPY");
  if (content.size() < preamble || !content.starts_with(magic))
    throw CommandFault("not npy of format 1.0; save it with numpy.save as a plain float32 array");
  const auto byte = [&](std::size_t at) -> std::size_t {
    return static_cast<unsigned char>(content[at]);
  };
  const std::size_t length = byte(8) | byte(9) << 8;
  if (length > max_header || content.size() - preamble < length) {
    throw CommandFault("the npy header's length, " + std::to_string(length) +
                       " bytes, is beyond the file or 4096; the file is damaged");
  }
  return std::string(content.substr(preamble, length));
}

}  // namespace

std::string npy_of(const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.size()) + ",), }";
  // The data begins at a multiple of 64 (format specification); the header ends in a newline.
  header.append((64 - (preamble + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string content(magic);
  content += static_cast<char>(header.size() & 255);
  content += static_cast<char>(header.size() >> 8);
  return content + header + bytes_of(values);
}

std::vector<float> npy_values(std::string_view content) {
  const std::string header = header_of(content);
  std::smatch found;
  if (!std::regex_search(header, found, std::regex("'descr': '([^']{1,16})'")))
    throw CommandFault("the npy header names no simple type; convert with array.astype('<f4')");
  if (found[1] != "<f4") {
    throw CommandFault("the npy array is '" + found[1].str() +
                       "', not little-endian float32; convert with array.astype('<f4')");
  }
  if (header.find("'fortran_order': False") == std::string::npos)
    throw CommandFault("the npy array is in Fortran order; convert with numpy.ravel");
  if (!std::regex_search(header, found, std::regex("'shape': \\(([0-9]{1,9}),\\)")))
    throw CommandFault("the npy array has not exactly one dimension; convert with numpy.ravel");
  const std::size_t count = std::stoul(found[1]);
  const std::string_view data = content.substr(preamble + header.size());
  if (data.size() != count * sizeof(float)) {
    throw CommandFault("the npy header promises " + std::to_string(count * sizeof(float)) +
                       " bytes of values, the file holds " + std::to_string(data.size()));
  }
  return finite_floats(data, "parameters");
}

}  // namespace tributary::cli
