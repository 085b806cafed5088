// The split-trust cases of tests/vectors/secagg.json through the C library, as a device computes them.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cstring>

#include "crypto/bytes.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/derive.h"
#include "device-protocol/src/mask.h"
#include "tests/unit/vectors.hpp"

namespace json = boost::json;
using tributary::Bytes;

namespace {

json::array cases() {
  return tributary::tests::read_vectors("secagg.json").at("cases").as_array();
}

Bytes hex(const json::value& value) {
  return *tributary::from_hex(std::string_view(value.as_string()));
}

std::uint32_t number(const json::value& value) {
  return static_cast<std::uint32_t>(value.as_int64());
}

const trib_crypto_port* crypto = &trib_posix_crypto;

trib_upload_name name_of(const Bytes& ctx_hash, const json::value& device) {
  trib_upload_name name{};
  std::memcpy(name.ctx_hash, ctx_hash.data(), sizeof name.ctx_hash);
  std::memcpy(name.device_id, hex(device.at("device_id")).data(), sizeof name.device_id);
  std::memcpy(name.nonce, hex(device.at("nonce")).data(), sizeof name.nonce);
  return name;
}

Bytes plain_words(const json::value& device, std::size_t width) {
  Bytes words;
  for (const auto& value : device.at("quantised").as_array()) {
    const auto word = static_cast<std::uint32_t>(value.as_int64());
    for (std::size_t i = 0; i < width; ++i)
      words.push_back(static_cast<std::uint8_t>(word >> 8 * i));
  }
  return words;
}

std::vector<Bytes> pair_keys(const json::value& round, const json::value& device) {
  std::vector<Bytes> keys;
  const Bytes secret = hex(device.at("x25519_secret"));
  for (const auto& helper : round.at("helpers").as_array()) {
    trib_pair_party party{};
    std::memcpy(party.id, hex(helper.at("helper_id")).data(), sizeof party.id);
    std::memcpy(party.public_key, hex(helper.at("x25519_public")).data(), sizeof party.public_key);
    party.epoch = number(round.at("epoch"));
    Bytes key(TRIB_KEY_BYTES);
    REQUIRE(trib_pair_key(crypto, key.data(), secret.data(), hex(device.at("device_id")).data(),
                          &party, nullptr, 0) == TRIB_OK);
    keys.push_back(key);
  }
  return keys;
}

Bytes seed_of(const Bytes& key, const trib_upload_name& name) {
  Bytes seed(TRIB_KEY_BYTES);
  trib_mask_seed(crypto, seed.data(), key.data(), &name);
  return seed;
}

// ciphertext || tag of a chunk, and the tag alone
Bytes sealed_chunk(const json::value& round, const trib_upload_name& name, const Bytes& upload_key,
                   const Bytes& masked, std::uint32_t index, std::uint32_t total) {
  const std::size_t size = number(round.at("chunk_bytes"));
  const std::size_t begin = index * size;
  Bytes chunk(masked.begin() + static_cast<std::ptrdiff_t>(begin),
              masked.begin() + static_cast<std::ptrdiff_t>(std::min(masked.size(), begin + size)));
  Bytes aad;
  const auto part = [&aad](const void* data, std::uint32_t length) {
    for (int i = 0; i < 4; ++i) aad.push_back(static_cast<std::uint8_t>(length >> 8 * i));
    const auto* bytes = static_cast<const std::uint8_t*>(data);
    aad.insert(aad.end(), bytes, bytes + length);
  };
  const std::uint32_t place[] = {index, total};
  const auto bits = static_cast<std::uint8_t>(number(round.at("ring_bits")));
  part("tributary/v1/chunk", 18);
  part(name.ctx_hash, sizeof name.ctx_hash);
  part(name.device_id, sizeof name.device_id);
  part(place, sizeof place);
  part(&bits, 1);
  unsigned char nonce[12] = {};
  std::memcpy(nonce, &index, sizeof index);
  const std::size_t length = chunk.size();
  chunk.resize(length + TRIB_TAG_BYTES);
  crypto->aead_seal(chunk.data(), length, chunk.data() + length, aad.data(), aad.size(), nonce,
                    upload_key.data());
  return chunk;
}

}  // namespace

TEST_CASE("context hashes and signatures of the vectors") {
  REQUIRE(sodium_init() >= 0);
  // RFC 8032 7.1 test 1
  const Bytes key =
      *tributary::from_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  for (const auto& round : cases()) {
    const Bytes context = hex(round.at("context"));
    Bytes hash(TRIB_HASH_BYTES);
    const trib_part part = {context.data(), context.size()};
    trib_hash(crypto, hash.data(), "ctx", &part, 1);
    CHECK(hash == hex(round.at("context_hash")));
    Bytes signature = hex(round.at("context_signature_rfc8032_key1"));
    CHECK(trib_verify_body(crypto, "ctx", context.data(), context.size(), signature.data(),
                           key.data()) == TRIB_OK);
    signature[5] ^= 1;
    CHECK(trib_verify_body(crypto, "ctx", context.data(), context.size(), signature.data(),
                           key.data()) == TRIB_BAD_SIGNATURE);
  }
}

TEST_CASE("pair keys, seeds, masks, chunks, digests and tickets of the vectors") {
  REQUIRE(sodium_init() >= 0);
  for (const auto& round : cases()) {
    const unsigned bits = number(round.at("ring_bits"));
    const Bytes ctx_hash = hex(round.at("context_hash"));
    for (const auto& device : round.at("devices").as_array()) {
      const trib_upload_name name = name_of(ctx_hash, device);
      const auto keys = pair_keys(round, device);
      Bytes words = plain_words(device, bits / 8);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        CHECK(keys[i] == hex(device.at("pair_keys").at(i)));
        const Bytes seed = seed_of(keys[i], name);
        CHECK(seed == hex(device.at("seeds").at(i)));
        Bytes far(bits / 8);
        REQUIRE(trib_add_mask(crypto, bits, seed.data(), 100000ULL * far.size(), far.data(),
                              far.size()) == TRIB_OK);
        std::uint32_t word = 0;
        std::memcpy(&word, far.data(), far.size());
        CHECK(word == static_cast<std::uint32_t>(
                          device.at("mask_word_100000").at(i).to_number<std::uint64_t>()));
        REQUIRE(trib_add_mask(crypto, bits, seed.data(), 0, words.data(), words.size()) == TRIB_OK);
      }
      CHECK(words == hex(device.at("masked")));

      Bytes upload_key(TRIB_KEY_BYTES);
      trib_upload_key(crypto, upload_key.data(), hex(device.at("gateway_key")).data(), &name);
      CHECK(upload_key == hex(device.at("upload_key")));
      const auto& chunks = device.at("chunks").as_array();
      const auto total = static_cast<std::uint32_t>(chunks.size());
      trib_sha256_state digest;
      trib_digest_begin(crypto, &digest, &name, total);
      for (std::uint32_t i = 0; i < total; ++i) {
        const Bytes sealed = sealed_chunk(round, name, upload_key, words, i, total);
        CHECK(sealed == hex(chunks[i]));
        crypto->sha256_update(&digest, sealed.data() + sealed.size() - TRIB_TAG_BYTES,
                              TRIB_TAG_BYTES);
      }
      Bytes upload_digest(TRIB_HASH_BYTES);
      crypto->sha256_final(&digest, upload_digest.data());
      CHECK(upload_digest == hex(device.at("upload_digest")));
      for (std::size_t i = 0; i < keys.size(); ++i) {
        Bytes ticket(TRIB_MAC_BYTES);
        trib_ticket(crypto, ticket.data(), keys[i].data(), &name, upload_digest.data());
        CHECK(ticket == hex(device.at("tickets").at(i)));
      }
    }
  }
}

TEST_CASE("a mask is seekable: any piece equals the same piece of the whole") {
  REQUIRE(sodium_init() >= 0);
  const Bytes seed(TRIB_KEY_BYTES, 7);
  for (const unsigned bits : {16U, 24U, 32U}) {
    const std::size_t width = bits / 8;
    Bytes whole(480);
    REQUIRE(trib_add_mask(crypto, bits, seed.data(), 0, whole.data(), whole.size()) == TRIB_OK);
    for (std::size_t begin = 0; begin < whole.size(); begin += 48) {
      Bytes piece(whole.size() - begin);
      REQUIRE(trib_add_mask(crypto, bits, seed.data(), begin, piece.data(), piece.size()) ==
              TRIB_OK);
      CHECK(std::equal(piece.begin(), piece.end(),
                       whole.begin() + static_cast<std::ptrdiff_t>(begin)));
    }
    CHECK(trib_add_mask(crypto, bits, seed.data(), 1, whole.data(), width) == TRIB_BAD_ARGUMENT);
  }
  Bytes words(4);
  CHECK(trib_add_mask(crypto, 20, seed.data(), 0, words.data(), 4) == TRIB_BAD_ARGUMENT);
}
