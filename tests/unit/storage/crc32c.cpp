#include "storage/crc32c.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string_view>
#include <vector>

using namespace tributary::storage;

namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

// RFC 3720, B.4, and the usual check value.
TEST_CASE("known values") {
  for (const auto function : {&crc32c, &crc32c_portable}) {
    CHECK(function(0, bytes("123456789")) == 0xe3069283);
    CHECK(function(0, std::vector<std::uint8_t>(32, 0)) == 0x8a9136aa);
    CHECK(function(0, std::vector<std::uint8_t>(32, 0xff)) == 0x62a8ab43);
    CHECK(function(0, {}) == 0);
  }
}

TEST_CASE("in pieces, in hardware and in tables it is the same") {
  CHECK(rc::check("crc32c", [](const std::vector<std::uint8_t>& data) {
    const auto cut = *rc::gen::inRange<std::size_t>(0, data.size() + 1);
    const std::span<const std::uint8_t> all(data);
    RC_ASSERT(crc32c(0, all) == crc32c_portable(0, all));
    RC_ASSERT(crc32c(crc32c(0, all.first(cut)), all.subspan(cut)) == crc32c(0, all));
    RC_ASSERT(crc32c_portable(crc32c(0, all.first(cut)), all.subspan(cut)) == crc32c(0, all));
  }));
}
