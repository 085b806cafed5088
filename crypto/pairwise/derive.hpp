// KDF straight into a secret type; the bytes between do not survive.
#pragma once

#include <utility>

#include "crypto/hash.hpp"
#include "crypto/secret.hpp"

namespace tributary::pairwise {

template <class Derived>
Derived derive(ByteView key, std::string_view label, std::initializer_list<ByteView> parts) {
  auto bytes = crypto::kdf(key, label, parts);
  auto derived = Derived::from(bytes);
  crypto::wipe(bytes);
  return std::move(*derived);
}

}  // namespace tributary::pairwise
