#include "crypto/bytes.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace tributary;

TEST_CASE("hex goes both ways and refuses what is not hex") {
  CHECK(to_hex(Bytes{0x00, 0xff, 0x1a}) == "00ff1a");
  CHECK(from_hex("00FF1a") == Bytes{0x00, 0xff, 0x1a});
  CHECK(from_hex("") == Bytes{});
  for (const char* bad : {"0", "0g", "g0", "0x", " 0", "00 ", "\xff\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(from_hex(bad).has_value());
  }
}

TEST_CASE("a fixed value takes exactly its length") {
  const std::string hex(32, 'a');
  CHECK(DeviceId::from_hex(hex)->hex() == hex);
  CHECK_FALSE(DeviceId::from_hex(hex + "aa").has_value());
  CHECK_FALSE(DeviceId::from_hex(hex.substr(2)).has_value());
  CHECK_FALSE(DeviceId::from(ByteView{}).has_value());
  CHECK_FALSE(DeviceId::from(Bytes(17)).has_value());
  CHECK(DeviceId::from(std::string_view("0123456789abcdef"))->raw() == "0123456789abcdef");
}

TEST_CASE("fixed values are ordered as byte strings") {
  DeviceId low{};
  DeviceId high{};
  low.bytes[15] = 0xff;
  high.bytes[0] = 0x80;
  CHECK(low < high);
  CHECK(FixedHasher{}(low) != FixedHasher{}(high));
}
