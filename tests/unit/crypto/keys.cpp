#include "crypto/keys.hpp"

#include <doctest/doctest.h>

using namespace tributary;
using namespace tributary::crypto;

namespace {

// Points of small order (RFC 7748 section 6.1 asks to refuse the all-zero result they give).
constexpr const char* low_order_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"};

struct Pair {
  ExchangeSecret device = ExchangeSecret::random();
  ExchangeSecret party = ExchangeSecret::random();
  PairParties parties{exchange_key(device), exchange_key(party), {1}, {2}, 3, {}};
};

}  // namespace

TEST_CASE("device and party derive one pair key, which every input changes") {
  const Pair pair;
  const auto key = pair_key(pair.device, Side::device, pair.parties);
  REQUIRE(key.has_value());
  CHECK(*key == *pair_key(pair.party, Side::party, pair.parties));

  const Bytes psk(32, 9);
  PairParties changed = pair.parties;
  changed.psk = psk;
  CHECK_FALSE(*key == *pair_key(pair.device, Side::device, changed));
  CHECK(*pair_key(pair.party, Side::party, changed) ==
        *pair_key(pair.device, Side::device, changed));
  changed = pair.parties;
  changed.party_epoch = 4;
  CHECK_FALSE(*key == *pair_key(pair.device, Side::device, changed));
  changed = pair.parties;
  changed.device_id[15] = 1;
  CHECK_FALSE(*key == *pair_key(pair.device, Side::device, changed));
  changed = pair.parties;
  changed.party_id[15] = 1;
  CHECK_FALSE(*key == *pair_key(pair.device, Side::device, changed));
}

TEST_CASE("low-order public keys are refused by both sides") {
  for (const char* hex : low_order_points) {
    CAPTURE(hex);
    Pair pair;
    const auto point = ExchangeKey::from_hex(hex);
    pair.parties.party_key = *point;
    CHECK_FALSE(pair_key(pair.device, Side::device, pair.parties).has_value());
    pair.parties.device_key = *point;
    CHECK_FALSE(pair_key(pair.party, Side::party, pair.parties).has_value());
  }
}

TEST_CASE("a signature holds for its key, label and hash only") {
  const auto key = SigningKey::random();
  const Hash message = hash("cert", {view_of("body")});
  const Signature signature = sign(key, "cert", message);
  CHECK(verify(verify_key(key), "cert", message, signature));
  CHECK(sign(key, "cert", message) == signature);

  CHECK_FALSE(verify(verify_key(key), "ctx", message, signature));
  CHECK_FALSE(verify(verify_key(SigningKey::random()), "cert", message, signature));
  CHECK_FALSE(verify(verify_key(key), "cert", hash("cert", {}), signature));
  CHECK_FALSE(verify(VerifyKey{}, "cert", message, signature));
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature changed = signature;
    changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    CAPTURE(bit);
    CHECK_FALSE(verify(verify_key(key), "cert", message, changed));
  }
}

TEST_CASE("round secrets are bound to context, device, nonce and purpose") {
  const auto key = PairKey::random();
  const Hash ctx = hash("ctx", {view_of("one")});
  const Hash other_ctx = hash("ctx", {view_of("two")});
  const DeviceId device{{1}};
  const Nonce nonce{{2}};
  const Hash digest{{3}};
  const Seed seed = mask_seed(key, ctx, device, nonce);
  CHECK(seed == mask_seed(key, ctx, device, nonce));
  CHECK_FALSE(seed == mask_seed(key, other_ctx, device, nonce));
  CHECK_FALSE(seed == mask_seed(key, ctx, DeviceId{}, nonce));
  CHECK_FALSE(seed == mask_seed(key, ctx, device, Nonce{}));
  const UploadKey upload = upload_key(key, ctx, device, nonce);
  CHECK_FALSE(equal_constant_time(upload.expose(), seed.expose()));

  const Ticket made = ticket(key, ctx, device, nonce, digest);
  CHECK(made != ticket(key, other_ctx, device, nonce, digest));
  CHECK(made != ticket(key, ctx, device, nonce, Hash{}));
  CHECK(made != ticket(PairKey::random(), ctx, device, nonce, digest));
  CHECK(made.bytes != receipt_mac(key, ctx, device, nonce, digest).bytes);
  CHECK(receipt_mac(key, ctx, device, nonce, digest) !=
        receipt_mac(key, ctx, device, Nonce{}, digest));
}
