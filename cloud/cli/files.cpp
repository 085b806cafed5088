#include "cloud/cli/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace tributary::cli {
namespace {

[[noreturn]] void fail(const std::filesystem::path& file) {
  throw CommandFault(file.string() + ": " + std::strerror(errno));
}

void write_all(int file, std::string_view content, const std::filesystem::path& path) {
  while (!content.empty()) {
    const ssize_t put = ::write(file, content.data(), content.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      ::close(file);
      fail(path);
    }
    content.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(file) != 0 || ::close(file) != 0) fail(path);
}

}  // namespace

void make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (std::filesystem::is_directory(folder)) return;
  if (folder.has_parent_path()) make_folder(folder.parent_path());
  std::filesystem::create_directory(folder, error);
  if (error) throw CommandFault(folder.string() + ": cannot make this folder: " + error.message());
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  if (error) throw CommandFault(folder.string() + ": " + error.message());
}

void write_new(const std::filesystem::path& file, std::string_view content, Secrecy secrecy) {
  const int mode = secrecy == Secrecy::secret ? 0600 : 0644;
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (opened < 0 && errno == EEXIST) {
    throw CommandFault(
        file.string() +
        " exists already and is not overwritten; move it away or choose another name");
  }
  if (opened < 0) fail(file);
  write_all(opened, content, file);
}

void append(const std::filesystem::path& file, std::string_view content) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (opened < 0) fail(file);
  write_all(opened, content, file);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw CommandFault(file.string() + ": no such file, or not readable");
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string read_line(const std::filesystem::path& file) {
  std::string text = read_file(file);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
    text.pop_back();
  return text;
}

}  // namespace tributary::cli
