#include "device-protocol/fleet/model_file.hpp"

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string_view>

namespace tributary::fleet {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic{"\x93NUMPY", 6};

// Where the numbers begin, or a fault's text.
Outcome<std::size_t> npy_body(std::string_view content, const std::string& name) {
  if (content.size() < 12) return Fault{name + ": ends within its head"};
  const auto byte = [&](std::size_t at) {
    return std::size_t{static_cast<unsigned char>(content[at])};
  };
  const bool version1 = byte(6) == 1;
  const std::size_t size =
      version1 ? byte(8) | byte(9) << 8 : byte(8) | byte(9) << 8 | byte(10) << 16 | byte(11) << 24;
  const std::size_t body = (version1 ? 10 : 12) + size;
  if (body > content.size()) return Fault{name + ": ends within its head"};
  if (content.substr(0, body).find("'<f4'") == std::string_view::npos) {
    return Fault{name + ": the array is not of little-endian float32 ('<f4')"};
  }
  return body;
}

std::string npy_head(std::size_t count) {
  std::string text =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }";
  text.resize((10 + text.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  text += '\n';
  std::string head(kMagic);
  head +=
      {'\x01', '\x00', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return head + text;
}

}  // namespace

Outcome<std::vector<float>> read_model_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file) return Fault{path.string() + ": cannot be read"};
  std::size_t begin = 0;
  if (content.starts_with(kMagic)) {
    const auto body = npy_body(content, path.string());
    if (!body) return body.error();
    begin = *body;
  }
  if (content.size() == begin || (content.size() - begin) % sizeof(float) != 0) {
    return Fault{path.string() + ": not a whole number of float32 values"};
  }
  std::vector<float> model((content.size() - begin) / sizeof(float));
  std::memcpy(model.data(), content.data() + begin, content.size() - begin);
  return model;
}

Outcome<void> write_model_file(const std::filesystem::path& path, std::span<const float> model) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (path.extension() == ".npy") file << npy_head(model.size());
  const auto bytes = std::as_bytes(model);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return Fault{path.string() + ": cannot be written"};
  return {};
}

}  // namespace tributary::fleet
