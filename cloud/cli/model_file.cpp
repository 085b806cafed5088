#include "cloud/cli/model_file.hpp"

#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <numeric>
#include <regex>

#include "cloud/cli/files.hpp"
#include "device-protocol/trainer/mlp.h"

namespace tributary::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t max_parameters = 16'777'216;
constexpr std::size_t max_header = 1 << 20;

[[noreturn]] void fail(const std::string& text) {
  throw CommandFault(text);
}

std::vector<float> floats_of(std::string_view bytes, const std::string& name) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i]))
      fail("tensor '" + name + "' is not a finite number at index " + std::to_string(i));
  }
  return values;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::uint64_t count_of(const std::vector<std::uint64_t>& shape) {
  std::uint64_t count = 1;
  for (const auto size : shape) {
    if (size == 0 || count > max_parameters / size)
      fail("a tensor's shape is empty or beyond 16,777,216 values");
    count *= size;
  }
  return count;
}

std::vector<std::uint64_t> numbers(const json::object& tensor, std::string_view member,
                                   const std::string& name) {
  std::vector<std::uint64_t> values;
  const auto* list = tensor.if_contains(member);
  if (list == nullptr || !list->is_array())
    fail("tensor '" + name + "' has no " + std::string(member));
  for (const auto& value : list->get_array()) {
    boost::system::error_code error;
    values.push_back(value.to_number<std::uint64_t>(error));
    if (error)
      fail("tensor '" + name + "': " + std::string(member) +
           " holds something that is no whole number");
  }
  return values;
}

}  // namespace

std::string npy_of(const std::vector<float>& values) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                       std::to_string(values.size()) + ",), }";
  // Magic, version and length take 10 bytes; the data begins at a multiple of 64.
  header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
  header += '\n';
  std::string content("\x93NUMPY\x01\x00", 8);
  content += static_cast<char>(header.size() & 255);
  content += static_cast<char>(header.size() >> 8);
  return content + header + bytes_of(values);
}

std::vector<float> npy_values(std::string_view content) {
  if (content.size() < 10 || content.substr(0, 8) != std::string_view("\x93NUMPY\x01\x00", 8)) {
    fail("not an npy file of format 1.0");
  }
  const std::size_t length = static_cast<unsigned char>(content[8]) |
                             static_cast<std::size_t>(static_cast<unsigned char>(content[9])) << 8;
  if (content.size() < 10 + length) fail("the npy header is cut off");
  const std::string header(content.substr(10, length));
  std::smatch found;
  if (header.find("'descr': '<f4'") == std::string::npos)
    fail("the npy array is not little-endian float32 ('<f4')");
  if (header.find("'fortran_order': False") == std::string::npos)
    fail("the npy array is in Fortran order");
  if (!std::regex_search(header, found, std::regex("'shape': \\((\\d{1,9}),\\)"))) {
    fail("the npy array does not have exactly one dimension");
  }
  const std::size_t count = std::stoul(found[1]);
  const std::string_view data = content.substr(10 + length);
  if (data.size() != count * sizeof(float)) {
    fail("the npy header promises " + std::to_string(count) + " values, the file holds " +
         std::to_string(data.size() / sizeof(float)));
  }
  return floats_of(data, "parameters");
}

std::vector<Tensor> tensors_of(const std::string& architecture, std::size_t parameters) {
  trib_mlp_shape shape;
  if (trib_mlp_parse(&shape, architecture.c_str()) != TRIB_OK ||
      trib_mlp_parameters(&shape) != parameters) {
    return {{"parameters", {parameters}}};
  }
  std::vector<Tensor> tensors;
  if (shape.standardise) {
    tensors.push_back({"standardise.mean", {shape.sizes[0]}});
    tensors.push_back({"standardise.inverse_deviation", {shape.sizes[0]}});
  }
  for (std::uint32_t l = 0; l + 1 < shape.count; ++l) {
    const std::string name = "layer" + std::to_string(l);
    tensors.push_back({name + ".weight", {shape.sizes[l + 1], shape.sizes[l]}});
    tensors.push_back({name + ".bias", {shape.sizes[l + 1]}});
  }
  return tensors;
}

std::string safetensors_of(const std::vector<float>& values, const std::string& architecture,
                           const std::string& hash) {
  json::object header;
  header["__metadata__"] =
      json::object{{"architecture", architecture}, {"hash", hash}, {"producer", "tributary"}};
  std::uint64_t begin = 0;
  for (const auto& tensor : tensors_of(architecture, values.size())) {
    const std::uint64_t end = begin + count_of(tensor.shape) * sizeof(float);
    header[tensor.name] = json::object{{"dtype", "F32"},
                                       {"shape", json::value_from(tensor.shape)},
                                       {"data_offsets", json::array{begin, end}}};
    begin = end;
  }
  std::string text = json::serialize(header);
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string content;
  for (int i = 0; i < 8; ++i) content += static_cast<char>(text.size() >> 8 * i & 255);
  return content + text + bytes_of(values);
}

std::vector<float> safetensors_values(std::string_view content, const std::string& architecture) {
  if (content.size() < 8) fail("not a safetensors file: shorter than its length field");
  std::uint64_t length = 0;
  for (int i = 7; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(content[static_cast<std::size_t>(i)]);
  if (length > max_header || length > content.size() - 8)
    fail("the safetensors header's length is out of range");
  boost::system::error_code error;
  const auto header = json::parse(content.substr(8, length), error);
  if (error || !header.is_object()) fail("the safetensors header is not a JSON object");
  const std::string_view data = content.substr(8 + length);
  const auto& members = header.get_object();
  const std::size_t total = data.size() / sizeof(float);
  const auto tensors = tensors_of(architecture, total);
  std::size_t named = 0;
  for (const auto& [name, value] : members) named += name != "__metadata__";
  if (named != tensors.size()) {
    fail("the file holds " + std::to_string(named) + " tensors, " + architecture + " has " +
         std::to_string(tensors.size()));
  }
  std::uint64_t place = 0;
  std::vector<float> values;
  for (const auto& tensor : tensors) {
    const auto* described = members.if_contains(tensor.name);
    if (described == nullptr || !described->is_object()) {
      fail("the file has no tensor '" + tensor.name + "', which " + architecture + " needs");
    }
    const auto& description = described->get_object();
    const auto* type = description.if_contains("dtype");
    if (type == nullptr || *type != "F32") fail("tensor '" + tensor.name + "' is not F32");
    const auto shape = numbers(description, "shape", tensor.name);
    if (shape != tensor.shape)
      fail("tensor '" + tensor.name + "' has another shape than " + architecture + " needs");
    const auto offsets = numbers(description, "data_offsets", tensor.name);
    const std::uint64_t size = count_of(tensor.shape) * sizeof(float);
    if (offsets.size() != 2 || offsets[1] < offsets[0] || offsets[1] > data.size() ||
        offsets[1] - offsets[0] != size) {
      fail("tensor '" + tensor.name + "' has data_offsets that do not fit its shape or the file");
    }
    const auto part = floats_of(data.substr(offsets[0], size), tensor.name);
    values.insert(values.end(), part.begin(), part.end());
    place += size;
  }
  if (place != data.size()) fail("the file holds bytes that belong to no tensor");
  return values;
}

std::vector<float> read_model(const std::filesystem::path& file, const std::string& architecture) {
  const std::string content = read_file(file);
  try {
    if (file.extension() == ".npy") return npy_values(content);
    if (file.extension() == ".safetensors") return safetensors_values(content, architecture);
  } catch (const CommandFault& fault) {
    throw CommandFault(file.string() + ": " + fault.what());
  }
  throw CommandFault(file.string() + ": a model file ends in .npy or .safetensors", 2);
}

void write_model(const std::filesystem::path& file, const std::vector<float>& values,
                 const std::string& architecture, const std::string& hash) {
  if (file.extension() == ".npy") return write_new(file, npy_of(values), Secrecy::open);
  if (file.extension() == ".safetensors")
    return write_new(file, safetensors_of(values, architecture, hash), Secrecy::open);
  throw CommandFault(file.string() + ": a model file ends in .npy or .safetensors", 2);
}

}  // namespace tributary::cli
