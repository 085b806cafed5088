#include "tests/unit/pairwise/fleet_world.hpp"

#include "crypto/pairwise/witnesses.hpp"

namespace tributary::tests {

using namespace pairwise;

FleetWorld::FleetWorld(std::uint32_t count, std::uint32_t neighbours, std::uint8_t share_threshold)
    : graph(graph_seed(crypto::hash("test-roster", {}), crypto::hash("test-beacon", {})), count,
            neighbours),
      threshold(share_threshold) {
  for (std::uint32_t i = 0; i < count; ++i) {
    auto identity = crypto::SigningKey::random();
    DeviceId id{{static_cast<std::uint8_t>(i), 0xd0}};
    const RosterDevice listed{i, id, crypto::verify_key(identity)};
    devices.push_back({std::move(identity), crypto::ExchangeSecret::random(), listed,
                       PrekeyChain(slot, ChainKey::random())});
  }
  for (const auto index : choose_witnesses(graph.seed(), slot, count, 6)) {
    chosen.push_back({index, devices[index].listed.identity});
  }
}

ShareParties FleetWorld::parties(std::uint32_t owner, std::uint32_t holder) const {
  return {devices[owner].listed.id, crypto::exchange_key(devices[owner].epoch),
          devices[holder].listed.id, crypto::exchange_key(devices[holder].epoch)};
}

std::vector<SharePairKey> FleetWorld::owner_keys(std::uint32_t owner) const {
  std::vector<SharePairKey> keys;
  for (const auto holder : graph.neighbours(owner)) {
    keys.push_back(*share_pair_key(devices[owner].epoch, ShareSide::owner, parties(owner, holder)));
  }
  return keys;
}

SharePairKey FleetWorld::holder_key(std::uint32_t owner, std::uint32_t holder) const {
  return *share_pair_key(devices[holder].epoch, ShareSide::holder, parties(owner, holder));
}

Prekey FleetWorld::prekey(std::uint32_t owner) const {
  const auto keys = owner_keys(owner);
  const FleetDevice& device = devices[owner];
  return make_prekey(device.chain, graph, threshold,
                     {owner, device.listed.id, device.identity, keys});
}

RevealTerms FleetWorld::reveal_terms(std::uint32_t device) const {
  return {graph, device, ctx_hash, slot, chosen, quorum, 3};
}

SurvivorCertificate FleetWorld::certificate(const SurvivorSet& survivors,
                                            std::size_t signers) const {
  const SlotVow vow = *vow_for(std::nullopt, round(), survivors);
  SurvivorCertificate made{vow, {}};
  for (std::size_t i = 0; i < signers; ++i) {
    const auto index = chosen[i].index;
    made.signatures.push_back(witness_signature(devices[index].identity, index, vow));
  }
  return made;
}

}  // namespace tributary::tests
