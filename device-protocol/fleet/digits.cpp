#include "device-protocol/fleet/digits.hpp"

#include <cstdlib>
#include <optional>

#include "device-protocol/fleet/csv.hpp"
#include "device-protocol/fleet/gzip_file.hpp"

namespace tributary::fleet {
namespace {

constexpr std::size_t kFileLimit = std::size_t{16} << 20;
constexpr std::uint32_t kPixels = 64;
constexpr auto kFile = "digits.csv.gz";

std::optional<std::filesystem::path> find_below(const std::filesystem::path& directory) {
  std::error_code error;
  if (std::filesystem::exists(directory / kFile, error)) return directory / kFile;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(directory, options, error)) {
    if (entry.path().filename() == kFile) return entry.path();
  }
  return std::nullopt;
}

std::optional<std::filesystem::path> find_file(const std::filesystem::path& directory) {
  if (!directory.empty()) return find_below(directory);
  if (const char* data = std::getenv("TRIBUTARY_DATA")) {
    const auto path = std::filesystem::path(data) / kFile;
    if (std::filesystem::exists(path)) return path;
  }
  const auto path = std::filesystem::path("build/data") / kFile;
  if (std::filesystem::exists(path)) return path;
  return std::nullopt;
}

}  // namespace

Outcome<Dataset> load_digits(const std::filesystem::path& directory) {
  const auto path = find_file(directory);
  if (!path) {
    return Fault{
        "digits.csv.gz was not found; run deploy/setup, which unpacks it to build/data, or give "
        "--data-dir or TRIBUTARY_DATA"};
  }
  auto content = read_gzip_file(*path, kFileLimit);
  if (!content) return content.error();
  auto table =
      parse_csv({reinterpret_cast<const char*>(content->data()), content->size()}, path->string());
  if (!table) return table.error();
  const auto classes = sorted_classes({*table});
  if (table->features != kPixels || classes.size() != 10) {
    return Fault{path->string() + ": not the digits data set (64 pixels, 10 classes)"};
  }
  auto all = examples_from_csv(*table, classes);
  for (auto& value : all.values) value /= 16.0F;
  Dataset data;
  data.name = "digits";
  data.classes = 10;
  data.train.features = data.test.features = kPixels;
  split_every_fifth(all, data.train, data.test);
  data.file_rows = {data.train.rows()};
  return data;
}

}  // namespace tributary::fleet
