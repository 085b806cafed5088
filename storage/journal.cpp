#include "storage/journal.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "storage/crc32c.hpp"

namespace tributary::storage {
namespace {

using Head = std::array<std::uint8_t, Journal::head_bytes>;

void put32(std::span<std::uint8_t> out, std::uint32_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get32(std::span<const std::uint8_t> in) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{in[i]} << (8 * i);
  return value;
}

Head make_head(std::uint32_t kind, std::size_t length, std::initializer_list<Journal::Part> parts) {
  Head head;
  put32(std::span(head).subspan(4), static_cast<std::uint32_t>(length));
  put32(std::span(head).subspan(8), kind);
  std::uint32_t crc = crc32c(0, std::span(head).subspan(4));
  for (const Journal::Part part : parts) crc = crc32c(crc, part);
  put32(head, crc);
  return head;
}

}  // namespace

Journal::Journal(std::filesystem::path path)
    : path_(std::move(path)), file_(open_exclusive(path_)), written_(file_size(file_, path_)) {
  scanned_ = written_ == 0;
  if (!scanned_) settle(file_, path_);
  buffer_.reserve(buffer_bytes);
}

Journal::Scan Journal::scan(const Visitor& visit) {
  flush();
  const std::uint64_t end = file_size(file_, path_);
  Scan result{};
  std::uint64_t at = 0;
  Head head;
  std::vector<std::uint8_t> payload;
  while (at + head_bytes <= end && read_at(file_, at, head, path_) == head_bytes) {
    const std::uint32_t length = get32(std::span(head).subspan(4));
    if (length > max_payload || length > end - at - head_bytes) break;
    payload.resize(length);
    if (read_at(file_, at + head_bytes, payload, path_) != length) break;
    if (crc32c(crc32c(0, std::span(head).subspan(4)), payload) != get32(head)) break;
    visit(at + head_bytes, get32(std::span(head).subspan(8)), payload);
    at += head_bytes + length;
    ++result.records;
  }
  if (at < end) cut(at);
  result.cut_bytes = end - at;
  written_ = at;
  scanned_ = true;
  return result;
}

std::uint64_t Journal::append(std::uint32_t kind, std::initializer_list<Part> parts) {
  require_usable();
  if (!scanned_) throw std::logic_error("journal: scan before the first append");
  std::size_t length = 0;
  for (const Part part : parts) length += part.size();
  if (length > max_payload) throw std::length_error("journal: payload longer than 16 MiB");
  if (buffer_.size() + head_bytes + length > buffer_bytes) flush();
  const Head head = make_head(kind, length, parts);
  buffer_.insert(buffer_.end(), head.begin(), head.end());
  for (const Part part : parts) buffer_.insert(buffer_.end(), part.begin(), part.end());
  const std::uint64_t offset = size() - length;
  if (buffer_.size() > buffer_bytes) flush();
  return offset;
}

void Journal::sync() {
  require_usable();
  flush();
  if (::fdatasync(file_.get()) == 0) return;
  // The kernel may have dropped the pages and will not say so twice: nothing unsynced is known.
  broken_ = true;
  throw Failure(FailureKind::io, system_failure(path_.string() + ": sync", errno).what());
}

void Journal::read(std::uint64_t offset, std::span<std::uint8_t> out) {
  if (offset + out.size() > written_) flush();
  if (read_at(file_, offset, out, path_) != out.size()) {
    throw Failure(FailureKind::corrupt,
                  path_.string() + ": ends before offset " + std::to_string(offset + out.size()));
  }
}

void Journal::remove() {
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
    throw system_failure(path_.string() + ": cannot be deleted", errno);
  }
  sync_folder_of(path_);
  file_.close();
  broken_ = true;
}

void Journal::require_usable() const {
  if (broken_) throw Failure(FailureKind::io, path_.string() + ": closed after an earlier failure");
}

void Journal::flush() {
  if (buffer_.empty()) return;
  require_usable();
  try {
    write_at(file_, written_, buffer_, path_);
  } catch (const Failure& failure) {
    buffer_.clear();
    broken_ = failure.kind() != FailureKind::full;
    // A part of a record may be there; what follows it would be unreachable.
    if (!broken_) cut(written_);
    throw;
  }
  written_ += buffer_.size();
  buffer_.clear();
}

void Journal::cut(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) == 0 && ::fdatasync(file_.get()) == 0) {
    return;
  }
  broken_ = true;
  throw Failure(FailureKind::io, system_failure(path_.string() + ": truncate", errno).what());
}

}  // namespace tributary::storage
