#include "cloud/cli/safetensors.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "cloud/cli/files.hpp"
#include "cloud/cli/tensor.hpp"

namespace tributary::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t length_bytes = 8;
constexpr std::size_t max_header = 1 << 20;

struct Sections {
  json::object header;
  std::string_view data;
};

Sections sections_of(std::string_view content) {
  if (content.size() < length_bytes)
    throw CommandFault("not a safetensors file: shorter than its length field");
  std::uint64_t length = 0;
  for (std::size_t i = length_bytes; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(content[i]);
  if (length > max_header || length > content.size() - length_bytes) {
    throw CommandFault(
        "the safetensors header's length, " + std::to_string(length) +
        " bytes, is beyond the file or 1 MiB; the file is damaged or of another kind");
  }
  boost::system::error_code error;
  auto header = json::parse(content.substr(length_bytes, length), error);
  if (error || !header.is_object())
    throw CommandFault("the safetensors header is not a JSON object");
  return {std::move(header.get_object()), content.substr(length_bytes + length)};
}

std::vector<std::uint64_t> numbers_of(const json::object& described, std::string_view member,
                                      const std::string& tensor) {
  const auto* list = described.if_contains(member);
  if (list == nullptr || !list->is_array())
    throw CommandFault("tensor '" + tensor + "' has no list \"" + std::string(member) + "\"");
  std::vector<std::uint64_t> values;
  for (const auto& value : list->get_array()) {
    boost::system::error_code error;
    values.push_back(value.to_number<std::uint64_t>(error));
    if (error) {
      throw CommandFault("tensor '" + tensor + "': \"" + std::string(member) + "\" holds " +
                         json::serialize(value) + ", which is no size");
    }
  }
  return values;
}

std::string words_of(const std::vector<std::uint64_t>& shape) {
  return json::serialize(json::value_from(shape));
}

// Where the tensor's bytes are, its description checked against what the architecture needs.
std::uint64_t begin_of(const json::object& header, const Tensor& tensor, std::size_t data_bytes) {
  const auto* value = header.if_contains(tensor.name);
  const auto* described = value ? value->if_object() : nullptr;
  if (described == nullptr)
    throw CommandFault("the file has no tensor '" + tensor.name +
                       "'; is this the right architecture?");
  const auto* type = described->if_contains("dtype");
  if (type == nullptr || *type != "F32") {
    throw CommandFault("tensor '" + tensor.name + "' is " +
                       (type ? json::serialize(*type) : "of no type") + ", not F32; convert it");
  }
  const auto shape = numbers_of(*described, "shape", tensor.name);
  if (shape != tensor.shape) {
    throw CommandFault("tensor '" + tensor.name + "' has shape " + words_of(shape) +
                       "; the architecture needs " + words_of(tensor.shape));
  }
  const auto offsets = numbers_of(*described, "data_offsets", tensor.name);
  if (offsets.size() != 2 || offsets[1] < offsets[0] || offsets[1] > data_bytes ||
      offsets[1] - offsets[0] != tensor.values() * sizeof(float)) {
    throw CommandFault("tensor '" + tensor.name + "' has data_offsets " + words_of(offsets) +
                       ", which do not fit its shape or the file's " + std::to_string(data_bytes) +
                       " bytes of data");
  }
  return offsets[0];
}

// The format allows neither overlaps nor gaps: bytes nobody names could carry anything.
void check_cover(std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges, std::size_t size) {
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t end = 0;
  for (const auto& [begin, bytes] : ranges) {
    if (begin != end)
      throw CommandFault("the tensors overlap or leave gaps at byte " +
                         std::to_string(std::min(begin, end)));
    end += bytes;
  }
  if (end != size)
    throw CommandFault("the file holds " + std::to_string(size - end) +
                       " bytes that belong to no tensor");
}

void check_names(const json::object& header, const std::vector<Tensor>& tensors) {
  for (const auto& member : header) {
    const std::string name(member.key());
    const auto is_named = [&](const Tensor& tensor) { return tensor.name == name; };
    if (name != "__metadata__" && std::none_of(tensors.begin(), tensors.end(), is_named)) {
      throw CommandFault("the architecture has no tensor '" + name.substr(0, 64) +
                         "'; the first it needs is '" + tensors.front().name + "'");
    }
  }
}

}  // namespace

std::string safetensors_of(const std::vector<float>& values, const std::string& architecture,
                           const std::string& hash) {
  json::object header;
  header["__metadata__"] =
      json::object{{"architecture", architecture}, {"hash", hash}, {"producer", "tributary"}};
  std::uint64_t begin = 0;
  for (const auto& tensor : tensors_of(architecture, values.size())) {
    const std::uint64_t end = begin + tensor.values() * sizeof(float);
    header[tensor.name] = json::object{{"dtype", "F32"},
                                       {"shape", json::value_from(tensor.shape)},
                                       {"data_offsets", json::array{begin, end}}};
    begin = end;
  }
  std::string text = json::serialize(header);
  text.append((8 - text.size() % 8) % 8, ' ');  // the data is aligned
  std::string content;
  for (std::size_t i = 0; i < length_bytes; ++i)
    content += static_cast<char>(text.size() >> 8 * i & 255);
  return content + text + bytes_of(values);
}

std::vector<float> safetensors_values(std::string_view content, const std::string& architecture) {
  const Sections sections = sections_of(content);
  const auto tensors = tensors_of(architecture, sections.data.size() / sizeof(float));
  check_names(sections.header, tensors);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  std::vector<float> values;
  for (const auto& tensor : tensors) {
    const std::uint64_t begin = begin_of(sections.header, tensor, sections.data.size());
    const std::uint64_t size = tensor.values() * sizeof(float);
    ranges.emplace_back(begin, size);
    const auto part = finite_floats(sections.data.substr(begin, size), tensor.name);
    values.insert(values.end(), part.begin(), part.end());
  }
  check_cover(std::move(ranges), sections.data.size());
  return values;
}

}  // namespace tributary::cli
