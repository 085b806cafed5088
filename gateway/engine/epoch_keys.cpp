#include "gateway/engine/epoch_keys.hpp"

#include "device-protocol/cpp/signed.hpp"

namespace tributary::gateway::engine {
namespace {

std::uint64_t unix_seconds(std::chrono::sys_seconds time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace

EpochKeys::EpochKeys(const Identity& identity, std::vector<StoredEpochKey> stored)
    : identity_(identity), keys_(std::move(stored)) {}

bool EpochKeys::due(std::chrono::sys_seconds now) const {
  return keys_.empty() || unix_seconds(now + lifetime / 2) > keys_.back().not_after;
}

const StoredEpochKey& EpochKeys::begin(std::chrono::sys_seconds now) {
  auto secret = crypto::ExchangeSecret::random();
  v1::EpochKey key;
  key.set_subject_id(identity_.id.raw());
  key.set_role(v1::ROLE_GATEWAY);
  key.set_epoch(keys_.empty() ? 1 : keys_.back().epoch + 1);
  key.set_public_key(crypto::exchange_key(secret).raw());
  key.set_not_after(unix_seconds(now + lifetime));
  keys_.push_back(
      {key.epoch(), std::move(secret),
       wire::sign_body("epoch-key", key.SerializeAsString(), identity_.key).SerializeAsString(),
       key.not_after()});
  return keys_.back();
}

const crypto::ExchangeSecret* EpochKeys::secret(std::uint32_t epoch) const {
  for (const auto& key : keys_) {
    if (key.epoch == epoch) return &key.secret;
  }
  return nullptr;
}

v1::CertifiedKey EpochKeys::certified_key() const {
  v1::CertifiedKey certified;
  certified.mutable_certificate()->ParseFromString(identity_.certificate);
  certified.mutable_epoch_key()->ParseFromString(current().signed_key);
  return certified;
}

}  // namespace tributary::gateway::engine
