#include "crypto/pairwise/shamir.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "crypto/pairwise/gf256.hpp"
#include "tests/unit/pairwise/vectors.hpp"

using namespace tributary;
using namespace tributary::pairwise;

namespace {

// Multiplication as it is defined: polynomials, then the remainder by 0x11b.
std::uint8_t schoolbook(unsigned a, unsigned b) {
  unsigned product = 0;
  for (unsigned i = 0; i < 8; ++i) {
    if (b >> i & 1) product ^= a << i;
  }
  for (unsigned i = 14; i >= 8; --i) {
    if (product >> i & 1) product ^= 0x11bU << (i - 8);
  }
  return static_cast<std::uint8_t>(product);
}

Share copy(const Share& share) {
  return {share.point, share.value.clone()};
}

std::vector<Share> chosen(const std::vector<Share>& shares, std::initializer_list<int> points) {
  std::vector<Share> some;
  for (const int point : points) some.push_back(copy(shares[static_cast<std::size_t>(point - 1)]));
  return some;
}

ShareValue value_of(std::uint8_t byte) {
  return *ShareValue::from(Bytes(32, byte));
}

}  // namespace

TEST_CASE("the field, all 65,536 products") {
  for (unsigned a = 0; a < 256; ++a) {
    const auto left = static_cast<std::uint8_t>(a);
    for (unsigned b = 0; b < 256; ++b) {
      if (gf256_multiply(left, static_cast<std::uint8_t>(b)) != schoolbook(a, b)) {
        FAIL_CHECK("wrong product of " << a << " and " << b);
      }
    }
    CHECK(gf256_multiply(left, gf256_inverse(left)) == (a == 0 ? 0 : 1));
    CHECK((gf256_times_x(a * 0x0100000000000001U) & 0xff) == schoolbook(a, 2));
    CHECK((gf256_times_x(a * 0x0100000000000001U) >> 56) == schoolbook(a, 2));
  }
}

TEST_CASE("the shares of the vectors, split and put together") {
  const auto& vector = tests::secagg_vectors().at("shamir_gf256");
  const auto secret = *SharedSecret::from(tests::bytes_of(vector.at("secret")));
  Bytes coefficients;
  for (const auto& part : vector.at("coefficients").as_array()) {
    const Bytes bytes = tests::bytes_of(part);
    coefficients.insert(coefficients.end(), bytes.begin(), bytes.end());
  }
  const std::size_t threshold = tests::number_of(vector.at("threshold"));
  const auto shares = split(secret, threshold, 255, coefficients);
  REQUIRE(shares.size() == 255);
  for (const auto& [point, value] : vector.at("shares").as_object()) {
    const auto& share = shares[static_cast<std::size_t>(std::stoi(std::string(point))) - 1];
    CHECK(share.point == std::stoi(std::string(point)));
    CHECK(share.value == *ShareValue::from(tests::bytes_of(value)));
  }
  CHECK(*reconstruct(chosen(shares, {1, 2, 3}), threshold) == secret);
  CHECK(*reconstruct(chosen(shares, {255, 4, 1}), threshold) == secret);
  CHECK(*reconstruct(chosen(shares, {200, 100, 50, 25}), threshold) == secret);
}

TEST_CASE("any threshold of all shares, with randomness of the system") {
  for (const auto& [threshold, count] :
       {std::pair{1, 1}, {1, 3}, {2, 2}, {6, 16}, {27, 40}, {67, 100}, {254, 254}, {255, 255}}) {
    const auto secret = SharedSecret::random();
    auto shares =
        split(secret, static_cast<std::size_t>(threshold), static_cast<std::size_t>(count));
    for (int turn = 0; turn < 3; ++turn) {
      CHECK(*reconstruct(shares, static_cast<std::size_t>(threshold)) == secret);
      std::rotate(shares.begin(), shares.begin() + count / 2, shares.end());
    }
    if (threshold > 1) {
      CHECK(!(*reconstruct(shares, static_cast<std::size_t>(threshold - 1)) == secret));
    }
  }
}

TEST_CASE("one interpolation, many secrets that share its points") {
  const Bytes points = {9, 3, 40, 17};
  const auto interpolation = Interpolation::over(points);
  REQUIRE(interpolation);
  CHECK(interpolation->size() == 4);
  for (int i = 0; i < 20; ++i) {
    const auto secret = SharedSecret::random();
    const auto shares = split(secret, 4, 40);
    std::vector<const ShareValue*> values;
    for (const auto point : points) values.push_back(&shares[point - 1U].value);
    CHECK(interpolation->reconstruct(values) == secret);
    values.pop_back();
    CHECK_THROWS_AS((void)interpolation->reconstruct(values), std::invalid_argument);
  }
}

TEST_CASE("one share too few says nothing: every value of the secret is still possible") {
  const auto secret = SharedSecret::random();
  const auto shares = split(secret, 3, 5);
  std::set<std::uint8_t> possible;
  for (unsigned guess = 0; guess < 256; ++guess) {
    std::vector<Share> known = chosen(shares, {2, 5});
    known.push_back({1, value_of(static_cast<std::uint8_t>(guess))});
    possible.insert(reconstruct(known, 3)->expose()[0]);
  }
  CHECK(possible.size() == 256);
}

TEST_CASE("what cannot be reconstructed or split") {
  const auto shares = split(SharedSecret::random(), 3, 5);
  CHECK(reconstruct(chosen(shares, {1, 2}), 3).reason() == ShamirFault::too_few);
  CHECK(reconstruct({}, 0).reason() == ShamirFault::too_few);
  CHECK(reconstruct(chosen(shares, {1, 2, 1}), 3).reason() == ShamirFault::duplicate_point);
  auto zero = chosen(shares, {1, 2, 3});
  zero[1].point = 0;
  CHECK(reconstruct(zero, 3).reason() == ShamirFault::zero_point);
  CHECK(Interpolation::over({}).reason() == ShamirFault::too_few);
  CHECK(Interpolation::over(Bytes(256, 1)).reason() == ShamirFault::too_many);
  const auto secret = SharedSecret::random();
  CHECK_THROWS_AS((void)split(secret, 0, 5), std::invalid_argument);
  CHECK_THROWS_AS((void)split(secret, 6, 5), std::invalid_argument);
  CHECK_THROWS_AS((void)split(secret, 3, 256), std::invalid_argument);
  CHECK_THROWS_AS((void)split(secret, 3, 5, Bytes(32)), std::invalid_argument);
}
