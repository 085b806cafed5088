#include "tests/sim/puppet_helper.hpp"

#include "crypto/mask.hpp"
#include "crypto/sealed_box.hpp"
#include "device-protocol/cpp/signed.hpp"

namespace tributary::sim {
namespace {

constexpr std::uint32_t epoch_number = 7;

v1::Signed epoch_key(const GatewayKeys& gateway, const crypto::ExchangeSecret& secret) {
  v1::EpochKey key;
  key.set_subject_id(gateway.helper.raw());
  key.set_role(v1::ROLE_HELPER);
  key.set_epoch(epoch_number);
  key.set_public_key(crypto::exchange_key(secret).raw());
  key.set_not_after(far_future);
  return wire::sign_body("epoch-key", key.SerializeAsString(), gateway.helper_key);
}

}  // namespace

PuppetHelper::PuppetHelper(World& world) : world_(world) {
  auto& gate = *world_.gates[1];
  v1::GatewayKeys keys;
  keys.ParseFromString(gate.site().keys());
  gate.kill();
  *keys.mutable_helper()->mutable_epoch_key() = epoch_key(gate.keys, epoch_);
  world_.centre.ask(gate.keys.id, "PUT", "/v1/gateway/keys", keys.SerializeAsString(),
                    [](const cloud::server::Answer&) {});
}

Bytes PuppetHelper::true_masks(const Ploy& ploy) const {
  const auto& sum = ploy.sum_of(0);
  const auto& helper = world_.gates[1]->keys.helper;
  v1::Roster roster;
  roster.ParseFromString(world_.gates[0]->site().roster()->content);
  std::vector<crypto::Seed> seeds;
  for (const auto& survivor : sum.survivors()) {
    for (const auto& device : roster.devices()) {
      v1::EpochKey key;
      key.ParseFromString(device.epoch_key().body());
      if (key.subject_id() != survivor.device_id()) continue;
      const auto id = *DeviceId::from(survivor.device_id());
      const auto pair = crypto::pair_key(epoch_, crypto::Side::party,
                                         {*ExchangeKey::from(key.public_key()),
                                          crypto::exchange_key(epoch_),
                                          id.bytes,
                                          helper.bytes,
                                          epoch_number,
                                          {}});
      seeds.push_back(crypto::mask_seed(*pair, *Hash::from(sum.ctx_hash()), id,
                                        *Nonce::from(survivor.nonce())));
    }
  }
  return crypto::sum_masks(crypto::RingBits::b32, seeds, sum.words().size() / 4);
}

unsigned PuppetHelper::answer(const Ploy& ploy, const Bytes& masks) {
  const auto& sum = ploy.sum_of(0);
  const auto& gate = world_.gates[1]->keys;
  const auto ctx_hash = *Hash::from(sum.ctx_hash());
  const auto survivors = *Hash::from(sum.survivors_hash());
  const auto sealed =
      *crypto::seal_to_combiner(epoch_, crypto::exchange_key(world_.authority.combiner()),
                                {ctx_hash, survivors, gate.helper}, masks);
  v1::MaskSum answer;
  answer.set_ctx_hash(ctx_hash.raw());
  answer.set_survivors_hash(survivors.raw());
  answer.set_helper_id(gate.helper.raw());
  answer.set_sealed(std::string(text_of(sealed)));
  const auto statement =
      crypto::hash("mask-sum", {ctx_hash.view(), survivors.view(), gate.helper.view(), sealed});
  answer.set_signature(crypto::sign(gate.helper_key, "mask-sum", statement).raw());
  unsigned status = 0;
  world_.centre.ask(gate.id, "PUT", "/v1/rounds/" + ctx_hash.hex() + "/mask-sum",
                    answer.SerializeAsString(),
                    [&](const cloud::server::Answer& reply) { status = reply.status; });
  return status;
}

}  // namespace tributary::sim
