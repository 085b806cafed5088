// Who holds a receipt for what, written down for whoever checks that nothing receipted is lost: one line
// "<hex ctx_hash> <hex device_id>" each.
#pragma once

#include <filesystem>

#include "crypto/bytes.hpp"

namespace tributary::fleet {

// Any thread.
class ReceiptLog {
 public:
  // Appends to `file`; empty: nothing is written. Throws std::filesystem::filesystem_error.
  explicit ReceiptLog(const std::filesystem::path& file);
  ReceiptLog(const ReceiptLog&) = delete;
  ReceiptLog& operator=(const ReceiptLog&) = delete;
  ~ReceiptLog();

  // The line is with the kernel when this returns: a killed process leaves it behind.
  void add(const Hash& ctx_hash, const DeviceId& device);

 private:
  int file_ = -1;
};

}  // namespace tributary::fleet
