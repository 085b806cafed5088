#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "device-protocol/ports/posix/posix.h"

enum { PATH_BYTES = 512 };

static trib_status name_of(char out[PATH_BYTES], const trib_posix_folder* folder,
                           trib_record record, const char* suffix) {
  const int size = snprintf(out, PATH_BYTES, "%s/record-%d%s", folder->path, (int)record, suffix);
  return size > 0 && size < PATH_BYTES ? TRIB_OK : TRIB_STORAGE;
}

trib_status trib_posix_load(const trib_posix_folder* folder, trib_record record, size_t offset,
                            void* out, size_t capacity, size_t* size) {
  char path[PATH_BYTES];
  ssize_t got = 0;
  int file;
  *size = 0;
  if (name_of(path, folder, record, "") != TRIB_OK) return TRIB_STORAGE;
  file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno == ENOENT ? TRIB_NOT_FOUND : TRIB_STORAGE;
  while (*size < capacity) {
    got = pread(file, (char*)out + *size, capacity - *size, (off_t)(offset + *size));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    *size += (size_t)got;
  }
  close(file);
  return *size == capacity || got == 0 ? TRIB_OK : TRIB_STORAGE;
}

static int write_all(int file, const void* data, size_t size) {
  const char* at = (const char*)data;
  while (size > 0) {
    const ssize_t put = write(file, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return -1;
    at += put;
    size -= (size_t)put;
  }
  return 0;
}

static int sync_folder(const trib_posix_folder* folder) {
  const int file = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int failed;
  if (file < 0) return -1;
  failed = fsync(file);
  close(file);
  return failed;
}

trib_status trib_posix_save(const trib_posix_folder* folder, trib_record record, const void* head,
                            size_t head_size, const void* body, size_t body_size) {
  char path[PATH_BYTES];
  char beside[PATH_BYTES];
  int failed;
  int file;
  if (name_of(path, folder, record, "") != TRIB_OK ||
      name_of(beside, folder, record, ".new") != TRIB_OK) {
    return TRIB_STORAGE;
  }
  file = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return TRIB_STORAGE;
  failed = write_all(file, head, head_size) || write_all(file, body, body_size) || fsync(file);
  if (close(file) != 0 || failed || rename(beside, path) != 0) {
    unlink(beside);
    return TRIB_STORAGE;
  }
  return sync_folder(folder) == 0 ? TRIB_OK : TRIB_STORAGE;
}

trib_status trib_posix_erase(const trib_posix_folder* folder, trib_record record) {
  char path[PATH_BYTES];
  if (name_of(path, folder, record, "") != TRIB_OK) return TRIB_STORAGE;
  if (unlink(path) != 0) return errno == ENOENT ? TRIB_OK : TRIB_STORAGE;
  return sync_folder(folder) == 0 ? TRIB_OK : TRIB_STORAGE;
}
