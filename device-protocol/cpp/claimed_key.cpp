#include "device-protocol/cpp/claimed_key.hpp"

#include "device-protocol/cpp/signed.hpp"

namespace tributary::wire {

std::optional<VerifyKey> claimed_key(const DeviceId& device, std::string_view request) {
  v1::Signed message;
  v1::ClaimRequest body;
  if (!message.ParseFromArray(request.data(), static_cast<int>(request.size())) ||
      !body.ParseFromString(message.body()) || body.device_id() != device.raw()) {
    return std::nullopt;
  }
  const auto key = VerifyKey::from(std::string_view(body.public_key()));
  if (!key || !verify_body("claim", message, *key)) return std::nullopt;
  return key;
}

}  // namespace tributary::wire
