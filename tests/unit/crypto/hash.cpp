#include "crypto/hash.hpp"

#include <doctest/doctest.h>

using namespace tributary;
using namespace tributary::crypto;

TEST_CASE("integers are little-endian") {
  CHECK(to_hex(le32(0x01020304)) == "04030201");
  CHECK(to_hex(le64(0x0102030405060708)) == "0807060504030201");
}

TEST_CASE("part boundaries are part of the hash") {
  const Bytes ab{'a', 'b'};
  const Bytes a{'a'};
  const Bytes b{'b'};
  CHECK(hash("x", {a, b}) != hash("x", {ab}));
  CHECK(hash("x", {a, b}) != hash("x", {b, a}));
  CHECK(hash("x", {ab, {}}) != hash("x", {ab}));
  CHECK(hash("x", {ab}) != hash("y", {ab}));
  CHECK(kdf(ab, "x", {a, b}) != kdf(ab, "x", {ab}));
}

TEST_CASE("a part in pieces is the same part") {
  const Bytes whole(1000, 7);
  PartHasher pieces("model");
  pieces.begin_part(1000);
  for (std::size_t at = 0; at < whole.size(); at += 125) {
    pieces.piece(ByteView(whole).subspan(at, 125));
  }
  CHECK(pieces.finish() == hash("model", {whole}));
}

TEST_CASE("constant time equality") {
  CHECK(equal_constant_time(Bytes{1, 2}, Bytes{1, 2}));
  CHECK_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 3}));
  CHECK_FALSE(equal_constant_time(Bytes{1, 2}, Bytes{1, 2, 3}));
  CHECK(equal_constant_time({}, {}));
}
