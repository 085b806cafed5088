#include "device-protocol/fleet/gzip_file.hpp"

#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace tributary::fleet {

Outcome<std::vector<std::uint8_t>> read_gzip_file(const std::filesystem::path& path,
                                                  std::size_t limit) {
  errno = 0;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose_r);
  if (!file) return Fault{path.string() + ": cannot be opened: " + std::strerror(errno)};
  std::vector<std::uint8_t> content;
  std::vector<std::uint8_t> piece(1 << 18);
  for (;;) {
    const int count = gzread(file.get(), piece.data(), static_cast<unsigned>(piece.size()));
    int error = Z_OK;
    const char* text = gzerror(file.get(), &error);
    if (count < 0 || error == Z_BUF_ERROR) {
      return Fault{path.string() + ": damaged or truncated: " + text};
    }
    if (count == 0) return content;
    if (content.size() + static_cast<std::size_t>(count) > limit) {
      return Fault{path.string() + ": longer than " + std::to_string(limit) + " bytes unpacked"};
    }
    content.insert(content.end(), piece.begin(), piece.begin() + count);
  }
}

}  // namespace tributary::fleet
