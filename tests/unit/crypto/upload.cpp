#include "crypto/upload.hpp"

#include <doctest/doctest.h>

using namespace tributary;
using namespace tributary::crypto;

namespace {

const ChunkPlace place{Hash{{1}}, DeviceId{{2}}, 3, 10, RingBits::b32};

}  // namespace

TEST_CASE("a chunk opens at its own place only") {
  const auto key = UploadKey::random();
  const Bytes words(64, 5);
  const Bytes sealed = seal_chunk(key, place, words);
  CHECK(sealed.size() == words.size() + 16);
  CHECK(open_chunk(key, place, sealed) == words);

  ChunkPlace other = place;
  other.index = 4;
  CHECK_FALSE(open_chunk(key, other, sealed).has_value());
  other = place;
  other.total = 11;
  CHECK_FALSE(open_chunk(key, other, sealed).has_value());
  other = place;
  other.bits = RingBits::b16;
  CHECK_FALSE(open_chunk(key, other, sealed).has_value());
  other = place;
  other.device = DeviceId{};
  CHECK_FALSE(open_chunk(key, other, sealed).has_value());
  other = place;
  other.ctx_hash = Hash{};
  CHECK_FALSE(open_chunk(key, other, sealed).has_value());
  CHECK_FALSE(open_chunk(UploadKey::random(), place, sealed).has_value());
}

TEST_CASE("a damaged or short chunk does not open") {
  const auto key = UploadKey::random();
  const Bytes sealed = seal_chunk(key, place, Bytes(20, 5));
  for (std::size_t at = 0; at < sealed.size(); ++at) {
    CAPTURE(at);
    Bytes changed = sealed;
    changed[at] ^= 1;
    CHECK_FALSE(open_chunk(key, place, changed).has_value());
    CHECK_FALSE(open_chunk(key, place, ByteView(sealed).first(at)).has_value());
  }
}

TEST_CASE("the digest commits to every tag in order") {
  const std::vector<AeadTag> tags{{{1}}, {{2}}};
  const std::vector<AeadTag> swapped{{{2}}, {{1}}};
  const Hash digest = upload_digest(Hash{}, DeviceId{}, Nonce{}, tags);
  CHECK(digest != upload_digest(Hash{}, DeviceId{}, Nonce{}, swapped));
  CHECK(digest != upload_digest(Hash{}, DeviceId{}, Nonce{}, std::span(tags).first(1)));
  CHECK(digest != upload_digest(Hash{}, DeviceId{}, Nonce{{1}}, tags));
}

TEST_CASE("survivors are strictly ascending") {
  const SurvivorEntry low{DeviceId{{1}}, Nonce{}, Hash{}};
  const SurvivorEntry high{DeviceId{{2}}, Nonce{}, Hash{}};
  const auto hash_of = [](std::vector<SurvivorEntry> entries) {
    return survivors_hash(Hash{}, entries);
  };
  CHECK(hash_of({low, high}).has_value());
  CHECK_FALSE(hash_of({high, low}).has_value());
  CHECK_FALSE(hash_of({low, low}).has_value());
  CHECK(hash_of({}).has_value());
  CHECK(hash_of({low}) != hash_of({high}));
  CHECK(hash_of({low}) != hash_of({low, high}));
  CHECK(survivors_hash(Hash{{1}}, std::span(&low, 1)) != hash_of({low}));
}
