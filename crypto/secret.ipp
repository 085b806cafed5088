#pragma once

#include <algorithm>

namespace tributary::crypto {

template <class Tag, std::size_t N>
std::optional<Secret<Tag, N>> Secret<Tag, N>::from(ByteView view) {
  if (view.size() != N) return std::nullopt;
  Secret secret;
  std::copy(view.begin(), view.end(), secret.bytes_.begin());
  return secret;
}

template <class Tag, std::size_t N>
Secret<Tag, N> Secret<Tag, N>::random() {
  Secret secret;
  fill_random(secret.bytes_);
  return secret;
}

template <class Tag, std::size_t N>
Secret<Tag, N>::Secret(Secret&& other) noexcept : bytes_(other.bytes_) {
  wipe(other.bytes_);
}

template <class Tag, std::size_t N>
Secret<Tag, N>& Secret<Tag, N>::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  bytes_ = other.bytes_;
  wipe(other.bytes_);
  return *this;
}

template <class Tag, std::size_t N>
Secret<Tag, N>::~Secret() {
  wipe(bytes_);
}

template <class Tag, std::size_t N>
Secret<Tag, N> Secret<Tag, N>::clone() const {
  Secret copy;
  copy.bytes_ = bytes_;
  return copy;
}

template <class Tag, std::size_t N>
bool Secret<Tag, N>::operator==(const Secret& other) const {
  return equal_constant_time(bytes_, other.bytes_);
}

}  // namespace tributary::crypto
