#include "gateway/helper/marker.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "crypto/hash.hpp"
#include "storage/failure.hpp"
#include "storage/file.hpp"

namespace tributary::gateway::helper {
namespace {

// instance (16) || u64 generation || u32 epoch || H("helper-marker", those)
constexpr std::size_t body_size = 16 + 8 + 4;
using File = std::array<std::uint8_t, body_size + Hash::size>;

storage::Failure failure(const std::string& what, const std::filesystem::path& path) {
  return storage::system_failure("cannot " + what + " " + path.string(), errno);
}

File encode(const MarkerState& state) {
  File file{};
  const auto generation = crypto::le64(state.generation);
  const auto epoch = crypto::le32(state.epoch);
  auto end = std::copy(state.instance.bytes.begin(), state.instance.bytes.end(), file.begin());
  end = std::copy(generation.begin(), generation.end(), end);
  end = std::copy(epoch.begin(), epoch.end(), end);
  const auto check = crypto::hash("helper-marker", {ByteView{file}.first(body_size)});
  std::copy(check.bytes.begin(), check.bytes.end(), end);
  return file;
}

std::uint64_t little_endian(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::optional<MarkerState> decode(ByteView file) {
  const auto check = crypto::hash("helper-marker", {file.first(body_size)});
  if (check != *Hash::from(file.subspan(body_size))) return std::nullopt;
  return MarkerState{*InstanceId::from(file.first(16)), little_endian(file.subspan(16, 8)),
                     static_cast<std::uint32_t>(little_endian(file.subspan(24, 4)))};
}

void put(const MarkerState& state, const std::filesystem::path& path, int flags) {
  const storage::FileDescriptor file{::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0600)};
  if (file.get() < 0) throw failure("open", path);
  storage::write_at(file, 0, encode(state), path);
  if (::fsync(file.get()) != 0) throw failure("write through", path);
}

}  // namespace

std::optional<MarkerState> Marker::read() const {
  const storage::FileDescriptor file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.get() < 0) {
    if (errno == ENOENT) return std::nullopt;
    throw failure("open", path_);
  }
  std::array<std::uint8_t, sizeof(File) + 1> bytes{};
  if (storage::read_at(file, 0, bytes, path_) != sizeof(File)) return std::nullopt;
  return decode(ByteView{bytes}.first(sizeof(File)));
}

void Marker::write(const MarkerState& state) const {
  put(state, path_, 0);
}

void Marker::create(const MarkerState& state) const {
  if (::unlink(path_.c_str()) != 0 && errno != ENOENT) throw failure("remove", path_);
  put(state, path_, O_CREAT | O_EXCL);
  storage::sync_folder_of(path_);
}

Hash Marker::identity() const {
  struct statx facts {};
  if (::statx(AT_FDCWD, path_.c_str(), 0, STATX_INO | STATX_BTIME, &facts) != 0) {
    throw failure("examine", path_);
  }
  // Zero where the file system keeps no birth time: the inode number alone then.
  return crypto::hash("helper-marker-identity",
                      {crypto::le64(facts.stx_ino),
                       crypto::le64(static_cast<std::uint64_t>(facts.stx_btime.tv_sec)),
                       crypto::le32(facts.stx_btime.tv_nsec)});
}

}  // namespace tributary::gateway::helper
