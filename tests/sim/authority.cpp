#include "tests/sim/authority.hpp"

#include "device-protocol/cpp/signed.hpp"

namespace tributary::sim {

v1::Signed Authority::certificate(ByteView id, v1::Role role, const crypto::SigningKey& key,
                                  const std::string& operated_by,
                                  const GatewayId* enrolled_at) const {
  v1::Certificate certificate;
  certificate.set_tenant(tenant);
  certificate.set_subject_id(std::string(text_of(id)));
  certificate.set_role(role);
  certificate.set_public_key(crypto::verify_key(key).raw());
  certificate.set_operator_(operated_by);
  certificate.set_not_after(far_future);
  if (enrolled_at != nullptr) certificate.set_gateway_id(enrolled_at->raw());
  return wire::sign_body("cert", certificate.SerializeAsString(), authority_);
}

v1::Signed Authority::certificate(const DeviceKeys& device) const {
  return certificate(device.id.view(), v1::ROLE_DEVICE, device.key, "", &device.gateway);
}

v1::CertifiedKey Authority::certified(const DeviceKeys& device,
                                      const crypto::ExchangeSecret& epoch) const {
  v1::EpochKey key;
  key.set_subject_id(device.id.raw());
  key.set_role(v1::ROLE_DEVICE);
  key.set_epoch(1);
  key.set_public_key(crypto::exchange_key(epoch).raw());
  key.set_not_after(far_future);
  v1::CertifiedKey certified;
  *certified.mutable_certificate() = certificate(device);
  *certified.mutable_epoch_key() =
      wire::sign_body("epoch-key", key.SerializeAsString(), device.key);
  return certified;
}

std::string Authority::device_identity(const DeviceKeys& device, const Floors& floors) const {
  v1::DeviceIdentity identity;
  identity.set_tenant(tenant);
  identity.set_device_id(device.id.raw());
  identity.set_gateway_id(device.gateway.raw());
  identity.set_identity_seed(std::string(text_of(device.key.expose())));
  *identity.mutable_certificate() = certificate(device);
  identity.set_authority_key(crypto::verify_key(authority_).raw());
  identity.set_coordinator_key(crypto::verify_key(coordinator_).raw());
  identity.set_mqtt_psk(std::string(32, 'p'));
  identity.set_n_min_floor(floors.n_min);
  identity.set_trust_gateway(floors.trust_gateway);
  return identity.SerializeAsString();
}

gateway::engine::Identity Authority::gateway_identity(const GatewayKeys& gateway) const {
  return {
      tenant,
      gateway.id,
      gateway.key.clone(),
      certificate(gateway.id.view(), v1::ROLE_GATEWAY, gateway.key, gateway.operated_by, nullptr)
          .SerializeAsString(),
      crypto::verify_key(authority_),
      crypto::verify_key(coordinator_)};
}

gateway::helper::Identity Authority::helper_identity(const GatewayKeys& gateway) const {
  return {tenant,
          gateway.helper,
          gateway.id,
          gateway.helper_key.clone(),
          certificate(gateway.helper.view(), v1::ROLE_HELPER, gateway.helper_key,
                      gateway.operated_by, nullptr)
              .SerializeAsString(),
          crypto::verify_key(authority_),
          crypto::verify_key(coordinator_)};
}

cloud::engine::Identity Authority::coordinator_identity() const {
  return {{crypto::verify_key(authority_), tenant},
          coordinator_.clone(),
          crypto::verify_key(coordinator_),
          combiner_.clone(),
          crypto::exchange_key(combiner_)};
}

std::vector<std::string> Authority::secrets() const {
  return {std::string(text_of(authority_.expose())), std::string(text_of(coordinator_.expose())),
          std::string(text_of(combiner_.expose()))};
}

}  // namespace tributary::sim
