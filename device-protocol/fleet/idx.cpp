#include "device-protocol/fleet/idx.hpp"

#include <algorithm>

#include "device-protocol/fleet/gzip_file.hpp"

namespace tributary::fleet {
namespace {

constexpr std::size_t kFileLimit = std::size_t{256} << 20;
constexpr std::uint32_t kFashionClasses = 10;
constexpr std::uint8_t kUnsignedByte = 8;

std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | bytes[static_cast<std::size_t>(i)];
  return value;
}

Outcome<IdxArray> read_idx(const std::filesystem::path& path) {
  auto content = read_gzip_file(path, kFileLimit);
  if (!content) return content.error();
  return parse_idx(*content, path.string());
}

Outcome<Examples> read_pair(const std::filesystem::path& directory, const std::string& prefix) {
  const auto images_path = directory / (prefix + "-images-idx3-ubyte.gz");
  auto images = read_idx(images_path);
  if (!images) return images.error();
  auto labels = read_idx(directory / (prefix + "-labels-idx1-ubyte.gz"));
  if (!labels) return labels.error();
  return examples_from_idx(*images, *labels, kFashionClasses, images_path.string());
}

}  // namespace

Outcome<IdxArray> parse_idx(std::span<const std::uint8_t> content, const std::string& name) {
  if (content.size() < 4 || content[0] != 0 || content[1] != 0) {
    return Fault{name + ": not an IDX file"};
  }
  const std::size_t rank = content[3];
  if (content[2] != kUnsignedByte || rank < 1 || rank > 3) {
    return Fault{name + ": IDX of another type; 1 to 3 dimensions of unsigned bytes are read"};
  }
  if (content.size() < 4 + 4 * rank) return Fault{name + ": ends within its head"};
  IdxArray array;
  std::uint64_t product = 1;
  for (std::size_t i = 0; i < rank; ++i) {
    array.dimensions.push_back(big_endian(content.subspan(4 + 4 * i)));
    product *= array.dimensions.back();
    if (product == 0 || product > kFileLimit) return Fault{name + ": impossible dimensions"};
  }
  const auto body = content.subspan(4 + 4 * rank);
  if (body.size() != product) {
    return Fault{name + ": promises " + std::to_string(product) + " bytes of data but holds " +
                 std::to_string(body.size())};
  }
  array.bytes.assign(body.begin(), body.end());
  return array;
}

Outcome<Examples> examples_from_idx(const IdxArray& images, const IdxArray& labels,
                                    std::uint32_t classes, const std::string& name) {
  if (labels.dimensions.size() != 1 || images.dimensions[0] != labels.dimensions[0]) {
    return Fault{name + ": the number of labels is not the number of images"};
  }
  Examples examples;
  examples.features = static_cast<std::uint32_t>(images.bytes.size() / labels.bytes.size());
  examples.values.resize(images.bytes.size());
  std::transform(images.bytes.begin(), images.bytes.end(), examples.values.begin(),
                 [](std::uint8_t pixel) { return static_cast<float>(pixel) / 255.0F; });
  for (std::size_t row = 0; row < labels.bytes.size(); ++row) {
    if (labels.bytes[row] >= classes) {
      return Fault{name + ": row " + std::to_string(row + 1) + " has label " +
                   std::to_string(labels.bytes[row]) + ", the classes end at " +
                   std::to_string(classes - 1)};
    }
  }
  examples.labels.assign(labels.bytes.begin(), labels.bytes.end());
  return examples;
}

Outcome<Dataset> load_fashion_mnist(const std::filesystem::path& directory) {
  const std::filesystem::path from =
      directory.empty() ? "/usr/share/datasets/fashion-mnist" : directory;
  if (!std::filesystem::exists(from / "train-images-idx3-ubyte.gz")) {
    return Fault{from.string() +
                 " has no Fashion-MNIST; install the Debian package dataset-fashion-mnist or give "
                 "--data-dir"};
  }
  auto train = read_pair(from, "train");
  if (!train) return train.error();
  auto test = read_pair(from, "t10k");
  if (!test) return test.error();
  if (train->features != test->features) {
    return Fault{from.string() + ": training and test images have different sizes"};
  }
  Dataset data{"fashion-mnist", kFashionClasses, std::move(*train), std::move(*test), {}};
  data.file_rows = {data.train.rows()};
  return data;
}

}  // namespace tributary::fleet
