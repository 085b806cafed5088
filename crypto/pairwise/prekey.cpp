#include "crypto/pairwise/prekey.hpp"

#include <stdexcept>

#include "crypto/pairwise/fields.hpp"
#include "crypto/pairwise/parameters.hpp"

namespace tributary::pairwise {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t shares_entry_bytes = 2 * sealed_share_bytes;
constexpr std::string_view label = "prekey";

Bytes unsigned_head(const PrekeyHead& head) {
  Bytes bytes = {version, head.neighbours, head.threshold, 0};
  append(bytes, crypto::le32(head.device));
  append(bytes, crypto::le32(head.slot));
  append(bytes, head.owner.view());
  append(bytes, head.graph.view());
  append(bytes, head.mask_key.view());
  append(bytes, head.commitment.view());
  append(bytes, head.shares_hash.view());
  return bytes;
}

Bytes encoded_shares(std::span<const SealedShares> shares) {
  Bytes bytes;
  bytes.reserve(shares.size() * shares_entry_bytes);
  for (const SealedShares& of_one : shares) {
    append(bytes, of_one.mask_secret.view());
    append(bytes, of_one.self_seed.view());
  }
  return bytes;
}

Hash signed_hash(const PrekeyHead& head) {
  return crypto::hash(label, {unsigned_head(head)});
}

Hash hash_of(std::span<const SealedShares> shares) {
  return crypto::hash("prekey-shares", {encoded_shares(shares)});
}

ShareName name_of(const PrekeyHead& head, ShareKind kind) {
  return {head.graph, head.slot, kind, head.mask_key, head.commitment};
}

// The sealed shares of one secret, by point.
template <class Secret>
std::vector<SealedShare> sealed_shares(const Secret& secret, ShareKind kind, const PrekeyHead& head,
                                       const PrekeyChain& chain,
                                       std::span<const SharePairKey> pairs) {
  Bytes coefficients = chain.coefficients({head.graph, head.threshold}, kind);
  const auto shares =
      split(*SharedSecret::from(secret.expose()), head.threshold, pairs.size(), coefficients);
  crypto::wipe(coefficients);
  std::vector<SealedShare> sealed;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    sealed.push_back(seal_share(pairs[i], name_of(head, kind), shares[i].value));
  }
  return sealed;
}

}  // namespace

Bytes encode(const PrekeyHead& head) {
  Bytes bytes = unsigned_head(head);
  append(bytes, head.signature.view());
  return bytes;
}

Bytes encode(const Prekey& prekey) {
  Bytes bytes = encode(prekey.head);
  append(bytes, encoded_shares(prekey.shares));
  return bytes;
}

std::optional<PrekeyHead> decode_prekey_head(ByteView bytes) {
  if (bytes.size() != prekey_head_bytes) return std::nullopt;
  Fields fields(bytes);
  PrekeyHead head;
  if (fields.u8() != version) return std::nullopt;
  head.neighbours = fields.u8();
  head.threshold = fields.u8();
  if (fields.u8() != 0) return std::nullopt;
  if (head.neighbours > most_neighbours || head.threshold < 1 || head.threshold > head.neighbours) {
    return std::nullopt;
  }
  head.device = fields.u32();
  head.slot = fields.u32();
  head.owner = fields.fixed<DeviceId>();
  head.graph = fields.fixed<GraphSeed>();
  head.mask_key = fields.fixed<MaskKey>();
  head.commitment = fields.fixed<SeedCommitment>();
  head.shares_hash = fields.fixed<Hash>();
  head.signature = fields.fixed<Signature>();
  return head;
}

std::optional<Prekey> decode_prekey(ByteView bytes) {
  if (bytes.size() < prekey_head_bytes) return std::nullopt;
  const auto head = decode_prekey_head(bytes.first(prekey_head_bytes));
  if (!head) return std::nullopt;
  const ByteView rest = bytes.subspan(prekey_head_bytes);
  if (rest.size() != head->neighbours * shares_entry_bytes) return std::nullopt;
  Prekey prekey{*head, {}};
  Fields fields(rest);
  for (std::size_t i = 0; i < head->neighbours; ++i) {
    const auto mask_secret = fields.fixed<SealedShare>();
    const auto self_seed = fields.fixed<SealedShare>();
    prekey.shares.push_back({mask_secret, self_seed});
  }
  return prekey;
}

Prekey make_prekey(const PrekeyChain& chain, const Graph& graph, std::uint8_t threshold,
                   const PrekeyOwner& owner) {
  if (threshold < 1 || threshold > graph.degree() || owner.pair_keys.size() != graph.degree() ||
      owner.device >= graph.devices()) {
    throw std::invalid_argument("prekey: threshold, pair keys or owner do not fit the graph");
  }
  const SlotSecrets secrets = chain.secrets({graph.seed(), threshold});
  Prekey prekey{{static_cast<std::uint8_t>(graph.degree()),
                 threshold,
                 owner.device,
                 chain.slot(),
                 owner.id,
                 graph.seed(),
                 mask_key(secrets.mask_secret),
                 commitment(secrets.self_seed),
                 {},
                 {}},
                {}};
  const auto mask_shares = sealed_shares(secrets.mask_secret, ShareKind::mask_secret, prekey.head,
                                         chain, owner.pair_keys);
  const auto seed_shares =
      sealed_shares(secrets.self_seed, ShareKind::self_seed, prekey.head, chain, owner.pair_keys);
  for (std::size_t i = 0; i < mask_shares.size(); ++i) {
    prekey.shares.push_back({mask_shares[i], seed_shares[i]});
  }
  prekey.head.shares_hash = hash_of(prekey.shares);
  prekey.head.signature = crypto::sign(owner.identity, label, signed_hash(prekey.head));
  return prekey;
}

std::vector<Prekey> make_prekeys(const PrekeyChain& chain, std::size_t count, const Graph& graph,
                                 std::uint8_t threshold, const PrekeyOwner& owner) {
  std::vector<Prekey> batch;
  PrekeyChain at(chain.slot(), chain.key().clone());
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) at = at.next();
    batch.push_back(make_prekey(at, graph, threshold, owner));
  }
  return batch;
}

PrekeyFault check(const PrekeyHead& head, const PrekeyTerms& terms, const RosterDevice& owner) {
  if (head.graph != terms.graph.seed() || head.threshold != terms.threshold ||
      head.slot != terms.slot || head.neighbours != terms.graph.degree()) {
    return PrekeyFault::other_terms;
  }
  if (head.device != owner.index || head.owner != owner.id) return PrekeyFault::other_owner;
  if (!crypto::verify(owner.identity, label, signed_hash(head), head.signature)) {
    return PrekeyFault::bad_signature;
  }
  return PrekeyFault::none;
}

PrekeyFault check(const Prekey& prekey, const PrekeyTerms& terms, const RosterDevice& owner) {
  const PrekeyFault fault = check(prekey.head, terms, owner);
  if (fault != PrekeyFault::none) return fault;
  const bool same = prekey.shares.size() == prekey.head.neighbours &&
                    hash_of(prekey.shares) == prekey.head.shares_hash;
  return same ? PrekeyFault::none : PrekeyFault::other_shares;
}

std::optional<Share> open_held_share(const PrekeyHead& head, const Graph& graph,
                                     std::uint32_t holder, const SharePairKey& pair, ShareKind kind,
                                     const SealedShare& sealed) {
  if (head.device >= graph.devices() || holder >= graph.devices()) return std::nullopt;
  const auto point = graph.share_point(head.device, holder);
  if (!point) return std::nullopt;
  auto value = open_share(pair, name_of(head, kind), sealed);
  if (!value) return std::nullopt;
  return Share{*point, std::move(*value)};
}

}  // namespace tributary::pairwise
