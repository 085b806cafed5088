// Files as the operating system gives them, with errors as Failure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace tributary::storage {

// Owns a descriptor.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int descriptor) : descriptor_(descriptor) {}
  FileDescriptor(FileDescriptor&& other) noexcept;
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const { return descriptor_; }
  void close();

 private:
  int descriptor_ = -1;
};

// A file only its owner can read, made when it is not there (its name is then on disk too), and
// locked against other processes and objects: kind locked when somebody has it.
FileDescriptor open_exclusive(const std::filesystem::path& path);
std::uint64_t file_size(const FileDescriptor& file, const std::filesystem::path& path);

// All of `bytes` at `offset`. On Failure a part of them may be written.
void write_at(const FileDescriptor& file, std::uint64_t offset, std::span<const std::uint8_t> bytes,
              const std::filesystem::path& path);
// Up to out.size() bytes from `offset`; fewer only at the end of the file.
std::size_t read_at(const FileDescriptor& file, std::uint64_t offset, std::span<std::uint8_t> out,
                    const std::filesystem::path& path);

// Makes what readers see of the file durable, and shows them what the medium has: the two differ when
// a predecessor was killed before its sync, or when its sync failed and the kernel forgot the data.
void settle(const FileDescriptor& file, const std::filesystem::path& path);

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
// Makes names created, renamed or removed in the folder of `path` durable.
void sync_folder_of(const std::filesystem::path& path);

}  // namespace tributary::storage
