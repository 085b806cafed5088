#include "crypto/pairwise/reveal_box.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace tributary;
using namespace tributary::pairwise;

namespace {

crypto::PairKey key_of(std::uint8_t number) {
  Hash bytes;
  bytes.bytes.fill(number);
  return crypto::PairKey::from(bytes.view()).value();
}

ShareValue share(std::uint8_t number) {
  return ShareValue::from(key_of(number).expose()).value();
}

// Every third share would not open.
RevealedShares shares(std::size_t count) {
  RevealedShares made;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 3 == 2) {
      made.emplace_back();
    } else {
      made.push_back(share(static_cast<std::uint8_t>(i)));
    }
  }
  return made;
}

RevealPlace place_of(std::uint8_t number) {
  RevealPlace place{};
  place.ctx_hash.bytes.fill(1);
  place.device.bytes.fill(2);
  place.place = number;
  return place;
}

}  // namespace

TEST_CASE("opened shares travel under the pair key, those that would not open as such") {
  for (const std::size_t count : {std::size_t{1}, std::size_t{3}, most_revealed}) {
    const auto sealed = seal_reveal(key_of(9), place_of(4), shares(count));
    CHECK(sealed.size() == 33 * count + 16);
    const auto opened = open_reveal(key_of(9), place_of(4), sealed);
    REQUIRE(opened);
    REQUIRE(opened->size() == count);
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE((*opened)[i].has_value() == (i % 3 != 2));
      if ((*opened)[i]) CHECK(*(*opened)[i] == share(static_cast<std::uint8_t>(i)));
    }
    // A reset device says the same bytes.
    CHECK(seal_reveal(key_of(9), place_of(4), shares(count)) == sealed);
  }
}

TEST_CASE("attack: a reveal opens for its device, its context, its place and its key only") {
  const auto sealed = seal_reveal(key_of(9), place_of(4), shares(2));
  auto elsewhere = place_of(4);
  elsewhere.device.bytes[0] ^= 1;
  CHECK_FALSE(open_reveal(key_of(9), elsewhere, sealed));
  elsewhere = place_of(4);
  elsewhere.ctx_hash.bytes[0] ^= 1;
  CHECK_FALSE(open_reveal(key_of(9), elsewhere, sealed));
  CHECK_FALSE(open_reveal(key_of(9), place_of(5), sealed));
  CHECK_FALSE(open_reveal(key_of(8), place_of(4), sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto damaged = sealed;
    damaged[i] ^= 1;
    CHECK_FALSE(open_reveal(key_of(9), place_of(4), damaged));
  }
}

TEST_CASE("a reveal holds one to sixteen shares, on both sides") {
  CHECK_THROWS_AS(seal_reveal(key_of(9), place_of(0), {}), std::invalid_argument);
  CHECK_THROWS_AS(seal_reveal(key_of(9), place_of(0), shares(most_revealed + 1)),
                  std::invalid_argument);
  CHECK_FALSE(open_reveal(key_of(9), place_of(0), Bytes(16)));  // a tag of nothing
  CHECK_FALSE(open_reveal(key_of(9), place_of(0), Bytes(33 * (most_revealed + 1) + 16)));
  CHECK_FALSE(open_reveal(key_of(9), place_of(0), Bytes{}));
}

TEST_CASE("a list of shares has one spelling") {
  const auto bytes = encode(shares(3));
  REQUIRE(decode_revealed(bytes));
  CHECK(encode(*decode_revealed(bytes)) == bytes);
  CHECK(decode_revealed({})->empty());
  const auto with = [&](std::size_t at, std::uint8_t value) {
    auto changed = bytes;
    changed[at] = value;
    return decode_revealed(changed).has_value();
  };
  CHECK_FALSE(with(0, 2));            // neither opened nor not
  CHECK_FALSE(with(33, 0));           // a value beside "would not open"
  CHECK_FALSE(with(2 * 33 + 32, 1));  // likewise, in its last byte
  CHECK(with(2 * 33, 1));             // a share of zeros is a share
  CHECK_FALSE(decode_revealed(ByteView(bytes).first(bytes.size() - 1)));
}

TEST_CASE("the receipt of a prekey and the word of the next slot are not each other's") {
  const auto group = place_of(0).ctx_hash;
  const auto device = place_of(0).device;
  const auto receipt = prekey_receipt_mac(key_of(9), group, device, 5);
  CHECK(receipt == prekey_receipt_mac(key_of(9), group, device, 5));
  CHECK(receipt != next_slot_mac(key_of(9), group, device, 5));
  CHECK(receipt != prekey_receipt_mac(key_of(9), group, device, 6));
  CHECK(receipt != prekey_receipt_mac(key_of(8), group, device, 5));
  CHECK(receipt != prekey_receipt_mac(key_of(9), Hash{}, device, 5));
  CHECK(receipt != prekey_receipt_mac(key_of(9), group, DeviceId{}, 5));
}
