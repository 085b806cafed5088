// One place that makes libsodium ready; include it instead of <sodium.h>.
#pragma once

#include <sodium.h>

#include <stdexcept>

namespace tributary::crypto {

// Picks the processor's fastest code paths once per process. Thread safe.
// Throws std::runtime_error when the system gives no random numbers.
inline void require_sodium() {
  static const int state = sodium_init();
  if (state < 0) throw std::runtime_error("libsodium: no source of random numbers");
}

}  // namespace tributary::crypto
