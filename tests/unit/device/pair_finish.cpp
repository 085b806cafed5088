// The gateway's part from the survivors on: witnesses, shares, the sum without masks.
#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "crypto/mask.hpp"
#include "crypto/pairwise/witnesses.hpp"
#include "tests/unit/device/pair_site.hpp"

namespace pair_test {

using namespace tributary;
using namespace tributary::crypto;

namespace {

const std::string root = "tributary/v1/";

std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::vector<std::uint32_t> PairSite::witnesses(std::uint32_t slot) const {
  return pairwise::choose_witnesses(graph->seed(), slot, plan.devices, plan.witnesses);
}

Hash PairSite::survivors_hash(const std::vector<std::uint32_t>& survivors) const {
  const auto set = pairwise::SurvivorSet::from(plan.devices, survivors);
  return set->hash({graph->seed(), round->ctx_hash, round->slot});
}

std::string PairSite::closing(const std::vector<std::uint32_t>& survivors) const {
  v1::Offer shown;
  REQUIRE(shown.ParseFromString(offer()));
  v1::Closing closing;
  closing.set_context(shown.context());
  closing.set_signature(shown.signature());
  std::string bits((plan.devices + 7) / 8, '\0');
  for (const auto i : survivors) bits[i / 8] = static_cast<char>(bits[i / 8] | 1 << (i % 8));
  closing.set_survivors(bits);
  return closing.SerializeAsString();
}

void PairSite::close_round() {
  std::vector<std::uint32_t> survivors;
  for (const auto& [device, masked] : round->uploads) survivors.push_back(device);
  close_round(survivors);
}

void PairSite::close_round(const std::vector<std::uint32_t>& survivors) {
  round->survivors = survivors;
  publish(root + "site/closing/" + task.hex(), closing(survivors));
}

void PairSite::end_round() {
  withdraw(root + "site/offer/" + task.hex());
  withdraw(root + "site/closing/" + task.hex());
  for (std::uint32_t i = 0; i < plan.devices; ++i) {
    withdraw(root + "site/vow/" + round->ctx_hash.hex() + "/" + std::to_string(i));
    withdraw(head_topic(round->slot, i));
  }
}

std::string PairSite::witness_vow(std::uint32_t witness, const Hash& hash) const {
  v1::WitnessVow message;
  *message.mutable_witness() = member_message(witness);
  message.set_signature(sign(identities[witness], "survivor-set", hash).raw());
  return message.SerializeAsString();
}

std::string PairSite::forged_vow(std::uint32_t witness, const Hash& hash) const {
  v1::WitnessVow message;
  *message.mutable_witness() = member_message(witness);
  message.set_signature(sign(gateway_key_, "survivor-set", hash).raw());
  return message.SerializeAsString();
}

void PairSite::on_vow(std::uint32_t device, const Bytes& payload) {
  v1::Vow vow;
  REQUIRE(vow.ParseFromString(text(payload)));
  REQUIRE(round);
  if (vow.ctx_hash() != round->ctx_hash.raw()) return;
  const Hash hash = *Hash::from(std::string_view(vow.survivors_hash()));
  CHECK(std::ranges::count(witnesses(round->slot), device) == 1);
  CHECK(verify(verify_key(identities[device]), "survivor-set", hash,
               *Signature::from(std::string_view(vow.signature()))));
  auto& said = vowed[device][round->slot];
  said.insert(vow.survivors_hash());
  CHECK_MESSAGE(said.size() == 1, "two vows for one slot");
  if (!retain_vows) return;
  publish(root + "site/vow/" + round->ctx_hash.hex() + "/" + std::to_string(device),
          witness_vow(device, hash));
}

pairwise::ShareKind PairSite::kind_of(std::uint32_t owner) const {
  return std::ranges::binary_search(round->survivors, owner) ? pairwise::ShareKind::self_seed
                                                             : pairwise::ShareKind::mask_secret;
}

void PairSite::on_shares(std::uint32_t device, const Bytes& payload) {
  v1::SharesRequest request;
  REQUIRE(request.ParseFromString(text(payload)));
  if (!round || request.ctx_hash() != round->ctx_hash.raw()) return;
  send_shares(device, request.place());
}

void PairSite::send_shares(std::uint32_t device, std::uint32_t place) {
  v1::Shares message;
  message.set_ctx_hash(round->ctx_hash.raw());
  message.set_place(place);
  const auto owners = graph->neighbours(device);
  auto& [first, kinds] = asked_[device];
  first = place;
  kinds.clear();
  for (std::size_t i = place; i < owners.size() && kinds.size() < shares_at_once; ++i) {
    const auto kind = both_kinds && kind_of(owners[i]) == pairwise::ShareKind::self_seed
                          ? pairwise::ShareKind::mask_secret
                          : kind_of(owners[i]);
    const auto point = graph->share_point(owners[i], device);
    const auto prekey = prekeys.at(round->slot).find(owners[i]);
    pairwise::SealedShare sealed{};
    if (prekey != prekeys.at(round->slot).end()) {
      const auto& both = prekey->second.shares.at(*point - 1U);
      sealed = kind == pairwise::ShareKind::self_seed ? both.self_seed : both.mask_secret;
    }
    kinds.push_back(kind);
    message.add_sealed(sealed.raw());
  }
  deliver(device, "shares", message.SerializeAsString());
}

void PairSite::on_reveal(std::uint32_t device, const Bytes& payload) {
  v1::Reveal reveal;
  REQUIRE(reveal.ParseFromString(text(payload)));
  if (!round || reveal.ctx_hash() != round->ctx_hash.raw()) return;
  const auto& [first, kinds] = asked_[device];
  REQUIRE(reveal.place() == first);
  REQUIRE(reveal.sealed().size() == kinds.size() * 33 + 16);
  ++reveals;
  const auto key =
      kdf(pair(device).expose(), "reveal-key", {round->ctx_hash.view(), ids[device].view()});
  Bytes nonce(12);
  std::ranges::copy(le32(first), nonce.begin());
  Bytes opened(kinds.size() * 33);
  const auto* sealed = reinterpret_cast<const unsigned char*>(reveal.sealed().data());
  REQUIRE(crypto_aead_chacha20poly1305_ietf_decrypt(opened.data(), nullptr, nullptr, sealed,
                                                    reveal.sealed().size(), nullptr, 0,
                                                    nonce.data(), key.data()) == 0);
  const auto owners = graph->neighbours(device);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto one = ByteView(opened).subspan(33 * i, 33);
    const std::uint32_t owner = owners[first + i];
    round->answered[device].insert(owner);
    if (one[0] == 0) {
      CHECK(std::ranges::all_of(one, [](auto byte) { return byte == 0; }));
      continue;
    }
    auto& seen = revealed[device][round->slot][owner];
    seen.insert(static_cast<int>(kinds[i]));
    CHECK_MESSAGE(seen.size() == 1, "both shares of one neighbour in one slot");
    round->shares[owner].insert_or_assign(device, *pairwise::ShareValue::from(one.subspan(1)));
  }
  send_shares(device, first + static_cast<std::uint32_t>(kinds.size()));
}

std::optional<Bytes> PairSite::sum() const {
  if (round->survivors.size() < round->context.n_min()) return std::nullopt;
  pairwise::OpenedSecrets opened;
  std::vector<pairwise::Published> published;
  for (std::uint32_t owner = 0; owner < plan.devices; ++owner) {
    const auto& head = prekeys.at(round->slot).at(owner).head;
    published.push_back({head.mask_key, head.commitment});
    const auto held = round->shares.find(owner);
    if (held == round->shares.end() || held->second.size() < plan.threshold) return std::nullopt;
    std::vector<pairwise::Share> shares;
    for (const auto& [holder, value] : held->second) {
      shares.push_back({*graph->share_point(owner, holder), value.clone()});
    }
    const auto secret = pairwise::reconstruct(shares, plan.threshold);
    REQUIRE(secret);
    if (kind_of(owner) == pairwise::ShareKind::self_seed) {
      opened.survivors.push_back({owner, *pairwise::SelfSeed::from(secret->expose())});
    } else {
      opened.dropped.push_back({owner, *pairwise::MaskSecret::from(secret->expose())});
    }
  }
  Bytes total(4 * words);
  for (const auto owner : round->survivors) {
    ring_add(RingBits::b32, total, round->uploads.at(owner));
  }
  const auto fault =
      pairwise::unmask(RingBits::b32, *graph, published, opened, round->ctx_hash, total);
  CHECK_FALSE(fault);
  return fault ? std::nullopt : std::optional(total);
}

Bytes PairSite::expected_sum() const {
  Bytes total(4 * words);
  for (const auto owner : round->survivors) {
    const auto& plain = devices[owner]->plain.at(round->ctx_hash.raw());
    REQUIRE(plain.size() == words);
    ring_add(RingBits::b32, total,
             ByteView(reinterpret_cast<const std::uint8_t*>(plain.data()), 4 * plain.size()));
  }
  return total;
}

}  // namespace pair_test
