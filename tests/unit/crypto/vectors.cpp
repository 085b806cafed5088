// The independent vectors of tests/vectors/secagg.json, made with OpenSSL through Python.
#include <doctest/doctest.h>

#include "crypto/mask.hpp"
#include "crypto/upload.hpp"
#include "tests/unit/vectors.hpp"

using namespace tributary;
using namespace tributary::crypto;
namespace json = boost::json;

namespace {

const json::object& vectors() {
  static const auto loaded = tests::read_vectors("secagg.json");
  return loaded;
}

Bytes bytes_of(const json::value& hex) {
  return *from_hex(std::string_view(hex.as_string()));
}

template <class Type>
Type fixed(const json::value& hex) {
  return *Type::from(ByteView(bytes_of(hex)));
}

std::vector<std::int64_t> integers(const json::value& list) {
  return json::value_to<std::vector<std::int64_t>>(list);
}

std::uint32_t small(const json::value& number) {
  return static_cast<std::uint32_t>(number.as_int64());
}

Bytes ring_words(RingBits bits, const std::vector<std::int64_t>& values) {
  Bytes bytes;
  for (const std::int64_t value : values) {
    for (std::size_t i = 0; i < word_bytes(bits); ++i) {
      bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
  }
  return bytes;
}

// One device of a case, and what the whole case says about it.
struct Upload {
  const json::object& round;
  const json::object& device;
  RingBits bits = *ring_bits(small(round.at("ring_bits")));
  Hash ctx_hash = fixed<Hash>(round.at("context_hash"));
  DeviceId id = fixed<DeviceId>(device.at("device_id"));
  Nonce nonce = fixed<Nonce>(device.at("nonce"));

  PairKey pair(std::size_t helper) const {
    return *PairKey::from(bytes_of(device.at("pair_keys").at(helper)));
  }
  Seed seed(std::size_t helper) const { return mask_seed(pair(helper), ctx_hash, id, nonce); }
};

void check_keys(const Upload& upload, const json::array& helpers) {
  const auto secret = *ExchangeSecret::from(bytes_of(upload.device.at("x25519_secret")));
  CHECK(exchange_key(secret) == fixed<ExchangeKey>(upload.device.at("x25519_public")));
  for (std::size_t h = 0; h < helpers.size(); ++h) {
    const auto helper_secret = *ExchangeSecret::from(bytes_of(helpers[h].at("x25519_secret")));
    const PairParties parties{exchange_key(secret),
                              exchange_key(helper_secret),
                              upload.id.bytes,
                              fixed<HelperId>(helpers[h].at("helper_id")).bytes,
                              small(upload.round.at("epoch")),
                              {}};
    CHECK(*pair_key(secret, Side::device, parties) == upload.pair(h));
    CHECK(*pair_key(helper_secret, Side::party, parties) == upload.pair(h));
    CHECK(upload.seed(h) == *Seed::from(bytes_of(upload.device.at("seeds").at(h))));
  }
}

void check_masked(const Upload& upload, std::size_t helpers) {
  Bytes words = ring_words(upload.bits, integers(upload.device.at("quantised")));
  for (std::size_t h = 0; h < helpers; ++h) {
    add_mask(upload.bits, upload.seed(h), 0, words);
    // Word 100,000 through the block it lies in.
    const std::size_t at = 100'000 * word_bytes(upload.bits);
    const std::size_t block = at / 192 * 192;
    Bytes mask(at - block + word_bytes(upload.bits));
    add_mask(upload.bits, upload.seed(h), block, mask);
    const auto expected = upload.device.at("mask_word_100000").at(h).to_number<std::int64_t>();
    CHECK(ByteView(mask).last(word_bytes(upload.bits)).size() == word_bytes(upload.bits));
    CHECK(to_hex(ByteView(mask).last(word_bytes(upload.bits))) ==
          to_hex(ring_words(upload.bits, {expected})));
  }
  CHECK(to_hex(words) == std::string_view(upload.device.at("masked").as_string()));
}

void check_chunks(const Upload& upload) {
  const auto gateway_key = *PairKey::from(bytes_of(upload.device.at("gateway_key")));
  const UploadKey key = upload_key(gateway_key, upload.ctx_hash, upload.id, upload.nonce);
  CHECK(key == *UploadKey::from(bytes_of(upload.device.at("upload_key"))));
  const Bytes masked = bytes_of(upload.device.at("masked"));
  const std::size_t chunk_bytes = small(upload.round.at("chunk_bytes"));
  const json::array& chunks = upload.device.at("chunks").as_array();
  REQUIRE(chunks.size() == (masked.size() + chunk_bytes - 1) / chunk_bytes);
  std::vector<AeadTag> tags;
  for (std::uint32_t i = 0; i < chunks.size(); ++i) {
    const auto total = static_cast<std::uint32_t>(chunks.size());
    const ChunkPlace place{upload.ctx_hash, upload.id, i, total, upload.bits};
    const std::size_t at = i * chunk_bytes;
    const ByteView words = ByteView(masked).subspan(at, std::min(chunk_bytes, masked.size() - at));
    const Bytes sealed = bytes_of(chunks[i]);
    CHECK(seal_chunk(key, place, words) == sealed);
    CHECK(open_chunk(key, place, sealed) == Bytes(words.begin(), words.end()));
    tags.push_back(*AeadTag::from(ByteView(sealed).last(AeadTag::size)));
  }
  CHECK(upload_digest(upload.ctx_hash, upload.id, upload.nonce, tags) ==
        fixed<Hash>(upload.device.at("upload_digest")));
}

void check_tickets(const Upload& upload, std::size_t helpers) {
  const Hash digest = fixed<Hash>(upload.device.at("upload_digest"));
  for (std::size_t h = 0; h < helpers; ++h) {
    CHECK(ticket(upload.pair(h), upload.ctx_hash, upload.id, upload.nonce, digest) ==
          fixed<Ticket>(upload.device.at("tickets").at(h)));
  }
}

std::vector<SurvivorEntry> survivors(const json::object& round) {
  std::vector<SurvivorEntry> entries;
  for (const json::value& device : round.at("devices").as_array()) {
    entries.push_back({fixed<DeviceId>(device.at("device_id")), fixed<Nonce>(device.at("nonce")),
                       fixed<Hash>(device.at("upload_digest"))});
  }
  std::ranges::sort(entries, {}, &SurvivorEntry::device);
  return entries;
}

void check_sums(const json::object& round) {
  const RingBits bits = *ring_bits(small(round.at("ring_bits")));
  const std::size_t words = small(round.at("words"));
  const json::array& devices = round.at("devices").as_array();
  Bytes total(words * word_bytes(bits));
  for (const json::value& device : devices) ring_add(bits, total, bytes_of(device.at("masked")));
  CHECK(to_hex(total) == std::string_view(round.at("masked_sum").as_string()));
  for (std::size_t h = 0; h < round.at("helpers").as_array().size(); ++h) {
    std::vector<Seed> seeds;
    for (const json::value& device : devices) {
      seeds.push_back(Upload{round, device.as_object()}.seed(h));
    }
    const Bytes masks = sum_masks(bits, seeds, words);
    CHECK(to_hex(masks) == std::string_view(round.at("helpers").at(h).at("mask_sum").as_string()));
    ring_subtract(bits, total, masks);
  }
  CHECK(ring_centre(bits, total) == integers(round.at("sum")));
}

}  // namespace

TEST_CASE("the four split-trust rounds, from secrets to the sum") {
  const json::array& rounds = vectors().at("cases").as_array();
  CHECK(rounds.size() == 4);
  for (const json::value& value : rounds) {
    const json::object& round = value.as_object();
    CAPTURE(std::string(round.at("name").as_string()));
    const json::array& helpers = round.at("helpers").as_array();
    const Bytes context = bytes_of(round.at("context"));
    CHECK(hash("ctx", {context}) == fixed<Hash>(round.at("context_hash")));
    for (const json::value& device : round.at("devices").as_array()) {
      const Upload upload{round, device.as_object()};
      check_keys(upload, helpers);
      check_masked(upload, helpers.size());
      check_chunks(upload);
      check_tickets(upload, helpers.size());
    }
    const Hash ctx_hash = fixed<Hash>(round.at("context_hash"));
    CHECK(survivors_hash(ctx_hash, survivors(round)) == fixed<Hash>(round.at("survivors_hash")));
    check_sums(round);
  }
}

// The key is the first of RFC 8032, section 7.1.
TEST_CASE("context signatures") {
  const auto key = *SigningKey::from(
      *from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
  CHECK(verify_key(key).hex() ==
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  for (const json::value& round : vectors().at("cases").as_array()) {
    const Hash ctx_hash = fixed<Hash>(round.at("context_hash"));
    const Signature expected = fixed<Signature>(round.at("context_signature_rfc8032_key1"));
    CHECK(sign(key, "ctx", ctx_hash) == expected);
    CHECK(verify(verify_key(key), "ctx", ctx_hash, expected));
  }
}
