#include "crypto/secret.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <new>
#include <type_traits>

using namespace tributary;
using namespace tributary::crypto;

namespace {

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

static_assert(!std::is_copy_constructible_v<Seed> && !std::is_copy_assignable_v<Seed>);
static_assert(!std::is_default_constructible_v<Seed>);
static_assert(std::is_nothrow_move_constructible_v<Seed> &&
              std::is_nothrow_move_assignable_v<Seed>);

TEST_CASE("a secret takes exactly its length") {
  CHECK(Seed::from(Bytes(32, 1)).has_value());
  CHECK_FALSE(Seed::from(Bytes(31)).has_value());
  CHECK_FALSE(Seed::from(Bytes(33)).has_value());
}

TEST_CASE("random secrets differ, clones are equal") {
  const auto one = Seed::random();
  CHECK_FALSE(one == Seed::random());
  CHECK(one == one.clone());
}

TEST_CASE("moving wipes the source") {
  auto first = *Seed::from(Bytes(32, 7));
  auto second = std::move(first);
  CHECK(all_zero(first.expose()));  // NOLINT(bugprone-use-after-move): the contract under test
  CHECK(second == *Seed::from(Bytes(32, 7)));
  auto third = Seed::random();
  third = std::move(second);
  CHECK(all_zero(second.expose()));  // NOLINT(bugprone-use-after-move)
  CHECK(third == *Seed::from(Bytes(32, 7)));
  Seed& same = third;
  third = std::move(same);
  CHECK(third == *Seed::from(Bytes(32, 7)));
}

TEST_CASE("wipe leaves nothing") {
  Bytes bytes(100, 3);
  wipe(bytes);
  CHECK(all_zero(bytes));
  fill_random(bytes);
  CHECK_FALSE(all_zero(bytes));
}
