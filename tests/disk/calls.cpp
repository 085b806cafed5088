#include "tests/disk/calls.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <set>
#include <unordered_map>

namespace tributary::disk {
namespace {

// The next definition behind ours: a sanitizer's, or the C library's.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

int system_open(const char* path, int flags, mode_t mode) {
  static auto* const call = next<int(const char*, int, ...)>("open");
  return call(path, flags, mode);
}
int system_close(int file) {
  static auto* const call = next<int(int)>("close");
  return call(file);
}
ssize_t system_pread(int file, void* out, std::size_t size, off_t offset) {
  static auto* const call = next<ssize_t(int, void*, std::size_t, off_t)>("pread");
  return call(file, out, size, offset);
}
ssize_t system_pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  static auto* const call = next<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return call(file, bytes, size, offset);
}
int system_ftruncate(int file, off_t size) {
  static auto* const call = next<int(int, off_t)>("ftruncate");
  return call(file, size);
}
int system_fadvise(int file, off_t offset, off_t length, int advice) {
  static auto* const call = next<int(int, off_t, off_t, int)>("posix_fadvise");
  return call(file, offset, length, advice);
}
int system_rename(const char* from, const char* to) {
  static auto* const call = next<int(const char*, const char*)>("rename");
  return call(from, to);
}

bool is_file(const char* path) {
  struct stat facts {};
  return ::stat(path, &facts) == 0 && S_ISREG(facts.st_mode);
}

std::string normal(const char* path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

// Never destroyed: other destructors close files after main.
struct Table {
  std::mutex mutex;
  std::set<Disk*> disks;
};
Table& table() {
  static auto* const one = new Table;
  return *one;
}

}  // namespace

std::unordered_map<int, Calls::Opened>& Calls::files() {
  static auto* const one = new std::unordered_map<int, Opened>;
  return *one;
}

void Calls::watch(Disk& disk) {
  const std::lock_guard lock(table().mutex);
  table().disks.insert(&disk);
}

void Calls::unwatch(Disk& disk) {
  const std::lock_guard lock(table().mutex);
  table().disks.erase(&disk);
  std::erase_if(files(), [&](const auto& file) { return file.second.disk == &disk; });
}

Disk* Calls::disk_of(const std::string& path) {
  const std::lock_guard lock(table().mutex);
  for (Disk* disk : table().disks) {
    if (path == disk->folder_ || path.starts_with(disk->folder_ + "/")) return disk;
  }
  return nullptr;
}

std::optional<Calls::Opened> Calls::opened(int file) {
  const std::lock_guard lock(table().mutex);
  if (table().disks.empty()) return std::nullopt;
  const auto found = files().find(file);
  if (found == files().end()) return std::nullopt;
  return found->second;
}

int Calls::open(const char* path, int flags, mode_t mode) {
  const std::string name = normal(path);
  Disk* const disk = disk_of(name);
  if (disk == nullptr) return system_open(path, flags, mode);
  const std::lock_guard lock(disk->mutex_);
  if (!disk->admits(Call::open)) return -1;
  struct stat before {};
  const bool present = ::stat(path, &before) == 0;
  const int file = system_open(path, flags, mode);
  if (file < 0) return file;
  Opened opened{disk, name, nullptr};
  struct stat now {};
  if (::fstat(file, &now) == 0 && S_ISREG(now.st_mode)) {
    opened.node = disk->node_of(name, !present);
    if (present && (flags & O_TRUNC) != 0) opened.node->image.truncate(0);
  }
  ++disk->open_files_;
  const std::lock_guard entry(table().mutex);
  files()[file] = std::move(opened);
  return file;
}

int Calls::close(int file) {
  if (const auto known = opened(file)) {
    const std::lock_guard lock(known->disk->mutex_);
    --known->disk->open_files_;
    const std::lock_guard entry(table().mutex);
    files().erase(file);
  }
  return system_close(file);
}

ssize_t Calls::pread(int file, void* out, std::size_t size, off_t offset) {
  const auto known = opened(file);
  if (!known) return system_pread(file, out, size, offset);
  const std::lock_guard lock(known->disk->mutex_);
  if (!known->disk->admits(Call::read)) return -1;
  return system_pread(file, out, size, offset);
}

ssize_t Calls::write_part(const Opened& file, int descriptor, const void* bytes, std::size_t size,
                          off_t offset) {
  const ssize_t written = system_pwrite(descriptor, bytes, size, offset);
  if (written > 0) {
    file.node->image.write(
        static_cast<std::uint64_t>(offset),
        {static_cast<const std::uint8_t*>(bytes), static_cast<std::size_t>(written)});
  }
  return written;
}

ssize_t Calls::pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  const auto known = opened(file);
  if (!known || known->node == nullptr) return system_pwrite(file, bytes, size, offset);
  const std::lock_guard lock(known->disk->mutex_);
  if (!known->disk->admits(Call::write)) {
    // A medium that is full or broken has often taken a part.
    const int error = errno;
    if (!known->disk->cut_) write_part(*known, file, bytes, size / 2, offset);
    errno = error;
    return -1;
  }
  const ssize_t written = write_part(*known, file, bytes, size, offset);
  return known->disk->interrupted() ? -1 : written;
}

int Calls::sync(int file, const char* name) {
  const auto known = opened(file);
  if (!known) return next<int(int)>(name)(file);
  Disk& disk = *known->disk;
  const std::lock_guard lock(disk.mutex_);
  if (!disk.admits(Call::sync)) {
    const int error = errno;
    if (!disk.cut_ && known->node != nullptr) disk.sync_failed(*known->node);
    errno = error;
    return -1;
  }
  if (disk.interrupted()) return -1;
  if (known->node == nullptr) {
    disk.sync_names(known->path);
  } else {
    known->node->image.sync();
  }
  return 0;
}

int Calls::ftruncate(int file, off_t size) {
  const auto known = opened(file);
  if (!known || known->node == nullptr) return system_ftruncate(file, size);
  const std::lock_guard lock(known->disk->mutex_);
  if (!known->disk->admits(Call::truncate)) return -1;
  const int result = system_ftruncate(file, size);
  if (result == 0) known->node->image.truncate(static_cast<std::uint64_t>(size));
  return known->disk->interrupted() ? -1 : result;
}

int Calls::fadvise(int file, off_t offset, off_t length, int advice) {
  const auto known = opened(file);
  if (!known || known->node == nullptr) return system_fadvise(file, offset, length, advice);
  const std::lock_guard lock(known->disk->mutex_);
  if (known->disk->cut_) return EIO;
  if (advice == POSIX_FADV_DONTNEED) known->disk->refresh(*known->node, known->path);
  return 0;
}

int Calls::unlink(const char* path, const char* name) {
  const std::string normalised = normal(path);
  Disk* const disk = disk_of(normalised);
  auto* const call = next<int(const char*)>(name);
  if (disk == nullptr) return call(path);
  const std::lock_guard lock(disk->mutex_);
  if (!disk->admits(Call::name)) return -1;
  const bool file = is_file(path);
  const auto node = file ? disk->node_of(normalised, false) : nullptr;
  const int result = call(path);
  if (result == 0 && file) disk->changed({normalised, std::nullopt, node});
  return disk->interrupted() ? -1 : result;
}

int Calls::rename(const char* from, const char* to) {
  const std::string old_name = normal(from);
  Disk* const disk = disk_of(old_name);
  if (disk == nullptr) return system_rename(from, to);
  const std::lock_guard lock(disk->mutex_);
  if (!disk->admits(Call::name)) return -1;
  const bool file = is_file(from);
  const auto node = file ? disk->node_of(old_name, false) : nullptr;
  const int result = system_rename(from, to);
  if (result == 0 && file) disk->changed({old_name, normal(to), node});
  return disk->interrupted() ? -1 : result;
}

}  // namespace tributary::disk

// Definitions in the program come before those of the C library, also for SQLite's shared library.
using tributary::disk::Calls;
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return Calls::open(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return Calls::open(path, flags, mode);
}
int close(int file) {
  return Calls::close(file);
}
ssize_t pread(int file, void* out, std::size_t size, off_t offset) {
  return Calls::pread(file, out, size, offset);
}
ssize_t pread64(int file, void* out, std::size_t size, off_t offset) {
  return Calls::pread(file, out, size, offset);
}
ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset) {
  return Calls::pwrite(file, bytes, size, offset);
}
ssize_t pwrite64(int file, const void* bytes, std::size_t size, off_t offset) {
  return Calls::pwrite(file, bytes, size, offset);
}
int fsync(int file) {
  return Calls::sync(file, "fsync");
}
int fdatasync(int file) {
  return Calls::sync(file, "fdatasync");
}
int ftruncate(int file, off_t size) noexcept {
  return Calls::ftruncate(file, size);
}
int ftruncate64(int file, off_t size) noexcept {
  return Calls::ftruncate(file, size);
}
int posix_fadvise(int file, off_t offset, off_t length, int advice) noexcept {
  return Calls::fadvise(file, offset, length, advice);
}
int posix_fadvise64(int file, off_t offset, off_t length, int advice) noexcept {
  return Calls::fadvise(file, offset, length, advice);
}
int unlink(const char* path) noexcept {
  return Calls::unlink(path, "unlink");
}
int remove(const char* path) noexcept {
  return Calls::unlink(path, "remove");
}
int rename(const char* from, const char* to) noexcept {
  return Calls::rename(from, to);
}
}
