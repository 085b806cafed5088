#include "device-protocol/fleet/true_vectors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <iterator>

#include "crypto/hash.hpp"

namespace tributary::fleet {

static_assert(std::endian::native == std::endian::little);

TrueVectorFile::TrueVectorFile(const std::filesystem::path& directory, const Hash& ctx_hash,
                               const DeviceId& device)
    : ctx_hash_(ctx_hash) {
  const auto folder = directory / ctx_hash.hex();
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) file_ = ::open((folder / device.hex()).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

TrueVectorFile::~TrueVectorFile() {
  if (file_ >= 0) ::close(file_);
}

bool TrueVectorFile::write(std::uint32_t first, std::span<const std::int32_t> words) const {
  const auto offset = static_cast<off_t>(std::size_t{first} * sizeof(std::int32_t));
  return file_ >= 0 && ::pwrite(file_, words.data(), words.size_bytes(), offset) ==
                           static_cast<ssize_t>(words.size_bytes());
}

Outcome<std::vector<std::int64_t>> true_sum(const std::filesystem::path& directory,
                                            const std::string& ctx_hash,
                                            const std::vector<std::string>& devices) {
  std::vector<std::int64_t> sum;
  for (const auto& device : devices) {
    const auto path = directory / ctx_hash / device;
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const auto count = bytes.size() / sizeof(std::int32_t);
    if (sum.empty()) sum.resize(count);
    if (!file || count == 0 || count != sum.size() || bytes.size() % sizeof(std::int32_t) != 0) {
      return Fault{path.string() + ": the recorded vector is missing or of another length"};
    }
    for (std::size_t i = 0; i < count; ++i) {
      std::int32_t word = 0;
      std::memcpy(&word, bytes.data() + i * sizeof word, sizeof word);
      sum[i] += word;
    }
  }
  return sum;
}

Hash released_sum_hash(std::span<const std::int64_t> words) {
  return crypto::hash("released-sum", {ByteView{reinterpret_cast<const std::uint8_t*>(words.data()),
                                                words.size_bytes()}});
}

}  // namespace tributary::fleet
