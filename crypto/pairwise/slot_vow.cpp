#include "crypto/pairwise/slot_vow.hpp"

#include "crypto/hash.hpp"
#include "crypto/pairwise/fields.hpp"

namespace tributary::pairwise {

Outcome<SlotVow, VowFault> vow_for(const std::optional<SlotVow>& last, const RoundName& round,
                                   const SurvivorSet& survivors) {
  const SlotVow vow{round, survivors.hash(round)};
  if (!last || round.slot > last->round.slot) return vow;
  if (round.slot < last->round.slot) return VowFault::burnt_slot;
  if (vow != *last) return VowFault::other_survivors;
  return vow;
}

Bytes encode(const SlotVow& vow) {
  Bytes bytes = {1, 0, 0, 0};
  append(bytes, crypto::le32(vow.round.slot));
  append(bytes, vow.round.graph.view());
  append(bytes, vow.round.ctx_hash.view());
  append(bytes, vow.survivors_hash.view());
  return bytes;
}

std::optional<SlotVow> decode_slot_vow(ByteView bytes) {
  if (bytes.size() != slot_vow_bytes) return std::nullopt;
  Fields fields(bytes);
  if (fields.u32() != 1) return std::nullopt;
  const std::uint32_t slot = fields.u32();
  const auto graph = fields.fixed<GraphSeed>();
  const auto ctx_hash = fields.fixed<Hash>();
  return SlotVow{{graph, ctx_hash, slot}, fields.fixed<Hash>()};
}

}  // namespace tributary::pairwise
