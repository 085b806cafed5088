#include "device-protocol/fleet/receipt_log.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>

namespace tributary::fleet {

ReceiptLog::ReceiptLog(const std::filesystem::path& file) {
  if (file.empty()) return;
  file_ = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file_ < 0) {
    throw std::filesystem::filesystem_error("receipts", file,
                                            std::error_code(errno, std::generic_category()));
  }
}

ReceiptLog::~ReceiptLog() {
  if (file_ >= 0) ::close(file_);
}

// One write of one short line in append mode: lines of several threads do not mix.
void ReceiptLog::add(const Hash& ctx_hash, const DeviceId& device) {
  if (file_ < 0) return;
  const std::string line = ctx_hash.hex() + ' ' + device.hex() + '\n';
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    spdlog::error("a receipt could not be written down");
  }
}

}  // namespace tributary::fleet
