#include "storage/file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "storage/failure.hpp"

namespace tributary::storage {

FileDescriptor::FileDescriptor(FileDescriptor&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this == &other) return *this;
  close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

FileDescriptor::~FileDescriptor() {
  close();
}

void FileDescriptor::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

FileDescriptor open_exclusive(const std::filesystem::path& path) {
  const bool present = std::filesystem::exists(path);
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (file.get() < 0) throw system_failure(path.string() + ": cannot be opened", errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    throw system_failure(path.string() + ": in use by another process; stop it first", errno);
  }
  if (!present) sync_folder_of(path);
  return file;
}

std::uint64_t file_size(const FileDescriptor& file, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw system_failure(path.string() + ": stat", errno);
  return static_cast<std::uint64_t>(status.st_size);
}

void write_at(const FileDescriptor& file, std::uint64_t offset, std::span<const std::uint8_t> bytes,
              const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw system_failure(path.string() + ": write", errno);
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::size_t read_at(const FileDescriptor& file, std::uint64_t offset, std::span<std::uint8_t> out,
                    const std::filesystem::path& path) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t got = ::pread(file.get(), out.data() + filled, out.size() - filled,
                                static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_failure(path.string() + ": read", errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

void settle(const FileDescriptor& file, const std::filesystem::path& path) {
  if (::fdatasync(file.get()) != 0) {
    throw Failure(FailureKind::io, system_failure(path.string() + ": sync", errno).what());
  }
  // Pages that count as written but are not leave the cache; advice that is not taken harms nobody.
  static_cast<void>(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED));
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    throw system_failure(from.string() + ": cannot be renamed to " + to.string(), errno);
  }
}

void sync_folder_of(const std::filesystem::path& path) {
  const auto folder = std::filesystem::absolute(path).parent_path();
  const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) {
    throw system_failure(folder.string() + ": sync", errno);
  }
}

}  // namespace tributary::storage
