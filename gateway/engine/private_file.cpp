#include "gateway/engine/private_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace tributary::gateway::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_bytes = 64 * 1024;

std::string fault_of(const fs::path& file) {
  return file.string() + ": " + std::strerror(errno);
}

bool write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(descriptor) == 0;
}

bool sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return false;
  const bool done = ::fsync(descriptor) == 0;
  ::close(descriptor);
  return done;
}

}  // namespace

std::variant<std::string, FileFault> read_private(const fs::path& file) {
  std::error_code error;
  const auto permissions = fs::status(file, error).permissions();
  const auto others = fs::perms::group_all | fs::perms::others_all;
  if (error) return FileFault{file.string() + ": " + error.message()};
  if ((permissions & others) != fs::perms::none) {
    return FileFault{file.string() + ": others can read this secret; chmod 600 it"};
  }
  if (fs::file_size(file, error) > most_bytes || error) {
    return FileFault{file.string() + ": far too large for what it ought to hold"};
  }
  auto content = read_whole(file);
  if (content.empty()) return FileFault{file.string() + ": is empty or cannot be read"};
  return content;
}

std::string read_whole(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string replace_private(const fs::path& file, std::string_view content) {
  fs::path fresh = file;
  fresh += ".new";
  const int descriptor =
      ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return fault_of(fresh);
  const bool written = write_all(descriptor, content);
  const std::string fault = written ? "" : fault_of(fresh);
  ::close(descriptor);
  if (!written) return fault;
  if (::rename(fresh.c_str(), file.c_str()) != 0) return fault_of(file);
  return sync_folder(file.parent_path()) ? "" : fault_of(file);
}

}  // namespace tributary::gateway::engine
