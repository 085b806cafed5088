#include "cloud/cli/model_file.hpp"

#include "cloud/cli/files.hpp"
#include "cloud/cli/npy.hpp"
#include "cloud/cli/safetensors.hpp"

namespace tributary::cli {
namespace {

constexpr std::uintmax_t max_bytes = 64 << 20;  // the coordinator's own limit on a body

enum class Format { npy, safetensors };

Format format_of(const std::filesystem::path& file) {
  if (file.extension() == ".npy") return Format::npy;
  if (file.extension() == ".safetensors") return Format::safetensors;
  throw CommandFault(file.string() + ": a model file's name ends in .npy or .safetensors", 2);
}

}  // namespace

std::vector<float> read_model(const std::filesystem::path& file, const std::string& architecture) {
  const Format format = format_of(file);
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw CommandFault(file.string() + ": " + error.message());
  if (size > max_bytes)
    throw CommandFault(file.string() + ": " + std::to_string(size) +
                       " bytes; a model file has at most 64 MiB");
  const std::string content = read_file(file);
  try {
    return format == Format::npy ? npy_values(content) : safetensors_values(content, architecture);
  } catch (const CommandFault& fault) {
    throw CommandFault(file.string() + ": " + fault.what());
  }
}

void write_model(const std::filesystem::path& file, const std::vector<float>& values,
                 const std::string& architecture, const std::string& hash) {
  const bool npy = format_of(file) == Format::npy;
  write_new(file, npy ? npy_of(values) : safetensors_of(values, architecture, hash), Secrecy::open);
}

}  // namespace tributary::cli
