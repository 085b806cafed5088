// The system's calls on files, seen by the disks first.
#pragma once

#include <sys/types.h>

#include <string>
#include <unordered_map>

#include "tests/disk/disk.hpp"

namespace tributary::disk {

// Of any thread. Each function is the system call of its name, with its result and errno.
class Calls {
 public:
  static void watch(Disk& disk);
  static void unwatch(Disk& disk);

  static int open(const char* path, int flags, mode_t mode);
  static int close(int file);
  static ssize_t pread(int file, void* out, std::size_t size, off_t offset);
  static ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t offset);
  static int sync(int file, const char* name);
  static int ftruncate(int file, off_t size);
  static int fadvise(int file, off_t offset, off_t length, int advice);
  static int unlink(const char* path, const char* name);
  static int rename(const char* from, const char* to);

 private:
  struct Opened {
    Disk* disk;
    std::string path;
    Disk::NodePtr node;  // nullptr: a folder
  };
  static std::unordered_map<int, Opened>& files();
  static Disk* disk_of(const std::string& path);
  static std::optional<Opened> opened(int file);
  static ssize_t write_part(const Opened& file, int descriptor, const void* bytes, std::size_t size,
                            off_t offset);
};

}  // namespace tributary::disk
