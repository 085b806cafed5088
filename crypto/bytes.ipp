#pragma once

#include <algorithm>

namespace tributary {

template <class Tag, std::size_t N>
std::optional<Fixed<Tag, N>> Fixed<Tag, N>::from(ByteView view) {
  if (view.size() != N) return std::nullopt;
  Fixed fixed;
  std::copy(view.begin(), view.end(), fixed.bytes.begin());
  return fixed;
}

template <class Tag, std::size_t N>
std::optional<Fixed<Tag, N>> Fixed<Tag, N>::from(std::string_view raw) {
  return from(view_of(raw));
}

template <class Tag, std::size_t N>
std::optional<Fixed<Tag, N>> Fixed<Tag, N>::from_hex(std::string_view hex) {
  const auto decoded = tributary::from_hex(hex);
  if (!decoded) return std::nullopt;
  return from(ByteView{*decoded});
}

template <class Tag, std::size_t N>
std::string Fixed<Tag, N>::hex() const {
  return to_hex(view());
}

}  // namespace tributary
