// Fixed-size byte strings as distinct types, so that a seed cannot be passed for a key.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tributary {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// A public value of N bytes. `Tag` only makes the type distinct. Ordered as byte strings.
template <class Tag, std::size_t N>
struct Fixed {
  static constexpr std::size_t size = N;
  std::array<std::uint8_t, N> bytes{};

  auto operator<=>(const Fixed&) const = default;  // NOLINT(modernize-use-nullptr): compares with 0
  ByteView view() const { return bytes; }
  // nullopt when the length is not N.
  static std::optional<Fixed> from(ByteView view);
  static std::optional<Fixed> from(std::string_view raw);
  static std::optional<Fixed> from_hex(std::string_view hex);
  std::string hex() const;
  std::string raw() const { return {bytes.begin(), bytes.end()}; }
};

using DeviceId = Fixed<struct DeviceIdTag, 16>;
using GatewayId = Fixed<struct GatewayIdTag, 16>;
using HelperId = Fixed<struct HelperIdTag, 16>;
using TaskId = Fixed<struct TaskIdTag, 16>;
using ScopeId = Fixed<struct ScopeIdTag, 16>;  // of a scope wider than a gateway
using Nonce = Fixed<struct NonceTag, 16>;
using Hash = Fixed<struct HashTag, 32>;
using Ticket = Fixed<struct TicketTag, 16>;
using Mac = Fixed<struct MacTag, 16>;
using AeadTag = Fixed<struct AeadTagTag, 16>;
using Signature = Fixed<struct SignatureTag, 64>;
using VerifyKey = Fixed<struct VerifyKeyTag, 32>;      // Ed25519 public
using ExchangeKey = Fixed<struct ExchangeKeyTag, 32>;  // X25519 public

std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view hex);  // nullopt: odd length or not hex
inline ByteView view_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view text_of(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Hash for unordered containers; the values are uniformly distributed already or short ids.
struct FixedHasher {
  template <class Tag, std::size_t N>
  std::size_t operator()(const Fixed<Tag, N>& value) const noexcept {
    return std::hash<std::string_view>{}(text_of(value.view()));
  }
};

}  // namespace tributary

#include "crypto/bytes.ipp"
