// An append-only file of records, for bulk that a database would write twice:
//   record  = crc32c:u32 length:u32 kind:u32 payload     little-endian
//   crc32c  covers length, kind and payload; length is the payload's, at most max_payload
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <span>
#include <vector>

#include "storage/failure.hpp"
#include "storage/file.hpp"

namespace tributary::storage {

// Owned by one thread. Calls throw Failure. A record is on disk when a sync() after its append()
// has returned. After a Failure of kind full the records at or beyond size() are gone and the
// journal goes on; after one of kind io it refuses everything but read(), size() and remove().
class Journal {
 public:
  using Part = std::span<const std::uint8_t>;
  // `offset` is that of the payload, as append() returned it. The payload is valid during the call.
  using Visitor = std::function<void(std::uint64_t offset, std::uint32_t kind, Part payload)>;

  static constexpr std::size_t head_bytes = 12;
  static constexpr std::size_t max_payload = std::size_t{16} << 20;
  static constexpr std::size_t buffer_bytes = std::size_t{1} << 20;  // most that waits for a write

  // Opens `path`, or makes it, and takes its lock (kind locked: somebody else has it). A file that
  // has content is to be scanned before the first append.
  explicit Journal(std::filesystem::path path);

  struct Scan {
    std::uint64_t records;
    std::uint64_t cut_bytes;  // of a torn or damaged tail, now gone
  };
  // Visits every record in order of appending, after opening those that are on disk. The first that is incomplete or does not match its
  // checksum ends the file: it and what follows is cut off, durably.
  Scan scan(const Visitor& visit);

  // Appends one record with the parts as its payload, at most max_payload bytes together (longer
  // is a std::length_error). Returns the offset of the payload.
  std::uint64_t append(std::uint32_t kind, std::initializer_list<Part> parts);
  void sync();

  // out.size() bytes of an appended payload from `offset` on; corrupt: the file ends before.
  void read(std::uint64_t offset, std::span<std::uint8_t> out);

  // Where the next record begins: bytes of the file and what waits to be written.
  std::uint64_t size() const { return written_ + buffer_.size(); }
  const std::filesystem::path& path() const { return path_; }

  // Deletes the file, durably. Only the destructor may be called afterwards.
  void remove();

 private:
  void require_usable() const;
  void flush();
  void cut(std::uint64_t size);

  std::filesystem::path path_;
  FileDescriptor file_;
  std::uint64_t written_ = 0;         // end of the last record that is written as a whole
  std::vector<std::uint8_t> buffer_;  // whole records from written_ on
  bool scanned_ = false;
  bool broken_ = false;
};

}  // namespace tributary::storage
