#include "crypto/pairwise/prekey_chain.hpp"

#include <limits>
#include <stdexcept>

#include "crypto/mask.hpp"
#include "crypto/pairwise/derive.hpp"

namespace tributary::pairwise {
PrekeyChain PrekeyChain::next() const {
  if (slot_ == std::numeric_limits<std::uint32_t>::max()) {
    throw std::length_error("prekeys: the chain has ended");
  }
  return {slot_ + 1, derive<ChainKey>(key_.expose(), "prekey-chain", {})};
}

SlotSecrets PrekeyChain::secrets(const SlotTerms& terms) const {
  const auto slot = crypto::le32(slot_);
  const std::array<std::uint8_t, 1> threshold = {terms.threshold};
  return {derive<MaskSecret>(key_.expose(), "prekey-mask", {terms.graph.view(), slot, threshold}),
          derive<SelfSeed>(key_.expose(), "prekey-self", {terms.graph.view(), slot, threshold})};
}

Bytes PrekeyChain::coefficients(const SlotTerms& terms, ShareKind kind) const {
  if (terms.threshold == 0) throw std::invalid_argument("prekeys: threshold 0");
  const std::array<std::uint8_t, 1> threshold = {terms.threshold};
  const std::array<std::uint8_t, 1> kind_byte = {static_cast<std::uint8_t>(kind)};
  const auto seed =
      derive<crypto::Seed>(key_.expose(), "prekey-shares",
                           {terms.graph.view(), crypto::le32(slot_), threshold, kind_byte});
  // A mask over zeros is the plain key stream.
  Bytes stream((terms.threshold - std::size_t{1}) * shared_bytes);
  crypto::add_mask(crypto::RingBits::b32, seed, 0, stream);
  return stream;
}

}  // namespace tributary::pairwise
