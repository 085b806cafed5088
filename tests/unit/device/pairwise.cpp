// The pairwise round of tests/vectors/secagg.json through the C library, and the C library beside
// crypto/pairwise where the vectors have only one case.
#include <doctest/doctest.h>
#include <sodium.h>

#include <cstring>

#include "crypto/pairwise/masking.hpp"
#include "crypto/pairwise/shamir.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "device-protocol/src/graph.h"
#include "device-protocol/src/mask.h"
#include "device-protocol/src/pairwise.h"
#include "device-protocol/src/shamir.h"
#include "tests/unit/vectors.hpp"

namespace json = boost::json;
using namespace tributary;

namespace {

const trib_crypto_port* port = &trib_posix_crypto;

json::value section(const char* name) {
  return tests::read_vectors("secagg.json").at(name);
}

Bytes hex(const json::value& value) {
  return *from_hex(std::string_view(value.as_string()));
}

using List = std::vector<std::uint16_t>;

trib_graph graph_of(const Bytes& seed, std::size_t devices, std::size_t degree) {
  trib_graph graph{};
  std::memcpy(graph.seed, seed.data(), sizeof graph.seed);
  graph.devices = static_cast<std::uint16_t>(devices);
  graph.degree = static_cast<std::uint16_t>(degree);
  return graph;
}

List neighbours_of(const trib_graph& graph, std::uint16_t device, List& order) {
  List neighbours(graph.degree);
  order.resize(graph.devices);
  REQUIRE(trib_graph_neighbours(port, neighbours.data(), order.data(), &graph, device) == TRIB_OK);
  return neighbours;
}

Bytes words32(const json::value& values) {
  Bytes words;
  for (const auto value : json::value_to<std::vector<std::int64_t>>(values)) {
    for (int i = 0; i < 4; ++i) words.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  return words;
}

trib_pairwise_keys keys_of(const Bytes& secret, const Bytes& ctx_hash) {
  trib_pairwise_keys keys{};
  std::memcpy(keys.secret, secret.data(), sizeof keys.secret);
  std::memcpy(keys.ctx_hash, ctx_hash.data(), sizeof keys.ctx_hash);
  port->x25519_base(keys.public_key, keys.secret);
  return keys;
}

}  // namespace

TEST_CASE("the pairwise vectors: graph, first mask, and every upload in chunks") {
  REQUIRE(sodium_init() >= 0);
  const json::value vector = section("pairwise");
  const auto& secrets = vector.at("x25519_secrets").as_array();
  const std::size_t devices = secrets.size();
  Bytes seed(TRIB_HASH_BYTES);
  trib_graph_seed(port, seed.data(), hex(vector.at("roster_root")).data(),
                  hex(vector.at("beacon")).data());
  CHECK(seed == hex(vector.at("graph_seed")));
  const trib_graph graph =
      graph_of(seed, devices, static_cast<std::size_t>(vector.at("degree").as_int64()));
  const Bytes ctx_hash = hex(vector.at("context_hash"));
  std::vector<trib_pairwise_keys> keys;
  for (const auto& secret : secrets) keys.push_back(keys_of(hex(secret), ctx_hash));

  for (std::uint16_t i = 0; i < devices; ++i) {
    List order;
    const List neighbours = neighbours_of(graph, i, order);
    CHECK(order == json::value_to<List>(vector.at("position_to_id")));
    CHECK(neighbours == json::value_to<List>(vector.at("neighbours").at(std::to_string(i))));
    Bytes words = words32(vector.at("inputs").at(i));
    unsigned char mask_seed[TRIB_KEY_BYTES];
    trib_self_mask_seed(port, mask_seed, hex(vector.at("self_seeds").at(i)).data(),
                        ctx_hash.data());
    REQUIRE(trib_add_mask(port, 32, mask_seed, 0, words.data(), words.size()) == TRIB_OK);
    for (const auto neighbour : neighbours) {
      REQUIRE(trib_pairwise_seed(port, mask_seed, &keys[i], keys[neighbour].public_key) == TRIB_OK);
      if (i == 0 && neighbour == neighbours.front()) {
        CHECK(Bytes(mask_seed, mask_seed + 32) == hex(vector.at("mask_0_and_first_neighbour")));
      }
      // Two chunks: the first three words, and the rest.
      REQUIRE(trib_add_pair_mask(port, 32, mask_seed, i, neighbour, 0, words.data(), 12) ==
              TRIB_OK);
      REQUIRE(trib_add_pair_mask(port, 32, mask_seed, i, neighbour, 12, words.data() + 12,
                                 words.size() - 12) == TRIB_OK);
    }
    CHECK(words == hex(vector.at("masked").at(i)));
  }
}

TEST_CASE("the shares of the vectors on the device") {
  const json::value vector = section("shamir_gf256");
  Bytes coefficients;
  for (const auto& part : vector.at("coefficients").as_array()) {
    const Bytes bytes = hex(part);
    coefficients.insert(coefficients.end(), bytes.begin(), bytes.end());
  }
  const Bytes secret = hex(vector.at("secret"));
  const auto threshold = static_cast<std::uint8_t>(vector.at("threshold").as_int64());
  for (const auto& [point, value] : vector.at("shares").as_object()) {
    Bytes share(TRIB_SHARE_BYTES);
    CHECK(trib_shamir_share(port, share.data(), secret.data(), coefficients.data(), threshold,
                            static_cast<std::uint8_t>(std::stoi(std::string(point)))) == TRIB_OK);
    CHECK(share == hex(value));
  }
  Bytes share(TRIB_SHARE_BYTES);
  CHECK(trib_shamir_share(port, share.data(), secret.data(), nullptr, 1, 200) == TRIB_OK);
  CHECK(share == secret);
  CHECK(trib_shamir_share(port, share.data(), secret.data(), nullptr, 0, 1) == TRIB_BAD_ARGUMENT);
  CHECK(trib_shamir_share(port, share.data(), secret.data(), nullptr, 1, 0) == TRIB_BAD_ARGUMENT);
}

TEST_CASE("device and server split alike at large thresholds") {
  REQUIRE(sodium_init() >= 0);
  const auto secret = pairwise::SharedSecret::random();
  Bytes coefficients(66 * 32);
  crypto::fill_random(coefficients);
  const auto shares = pairwise::split(secret, 67, 255, coefficients);
  for (const auto& share : shares) {
    Bytes made(TRIB_SHARE_BYTES);
    REQUIRE(trib_shamir_share(port, made.data(), secret.expose().data(), coefficients.data(), 67,
                              share.point) == TRIB_OK);
    CHECK(share.value == *pairwise::ShareValue::from(made));
  }
}

TEST_CASE("device and server see the same graph, even, complete and large") {
  REQUIRE(sodium_init() >= 0);
  for (const auto& [devices, degree] :
       {std::pair{2, 1}, {3, 2}, {6, 5}, {7, 6}, {50, 49}, {100, 26}, {255, 254}, {5000, 90}}) {
    const Bytes seed(32, static_cast<std::uint8_t>(devices));
    const trib_graph graph =
        graph_of(seed, static_cast<std::size_t>(devices), static_cast<std::size_t>(degree));
    const pairwise::Graph expected(*pairwise::GraphSeed::from(ByteView(seed)), graph.devices,
                                   graph.degree);
    for (int device = 0; device < devices; device += 1 + devices / 20) {
      List order;
      const List found = neighbours_of(graph, static_cast<std::uint16_t>(device), order);
      const auto wanted = expected.neighbours(static_cast<std::uint32_t>(device));
      CHECK(std::equal(found.begin(), found.end(), wanted.begin(), wanted.end()));
    }
  }
}

TEST_CASE("graphs, keys and masks that cannot be are refused on the device") {
  REQUIRE(sodium_init() >= 0);
  List neighbours(300);
  List order(300);
  const auto refused = [&](std::size_t devices, std::size_t degree, std::uint16_t device) {
    const trib_graph graph = graph_of(Bytes(32), devices, degree);
    return trib_graph_neighbours(port, neighbours.data(), order.data(), &graph, device) ==
           TRIB_BAD_ARGUMENT;
  };
  CHECK(!refused(10, 4, 9));
  CHECK(refused(10, 4, 10));
  CHECK(refused(10, 3, 0));
  CHECK(refused(10, 0, 0));
  CHECK(refused(10, 10, 0));
  CHECK(refused(1, 0, 0));
  CHECK(refused(0, 0, 0));
  CHECK(refused(300, 256, 0));
  const auto keys = keys_of(Bytes(32, 9), Bytes(32));
  unsigned char seed[TRIB_KEY_BYTES];
  CHECK(trib_pairwise_seed(port, seed, &keys, Bytes(32).data()) == TRIB_CRYPTO);
  CHECK(trib_pairwise_seed(port, seed, &keys, keys.public_key) == TRIB_CRYPTO);
  Bytes words(12);
  CHECK(trib_add_pair_mask(port, 32, keys.secret, 4, 4, 0, words.data(), 12) == TRIB_BAD_ARGUMENT);
  CHECK(trib_add_pair_mask(port, 20, keys.secret, 4, 3, 0, words.data(), 12) == TRIB_BAD_ARGUMENT);
  CHECK(trib_add_pair_mask(port, 0, keys.secret, 4, 3, 0, words.data(), 12) == TRIB_BAD_ARGUMENT);
  CHECK(trib_add_pair_mask(port, 24, keys.secret, 4, 3, 0, words.data(), 11) == TRIB_BAD_ARGUMENT);
}

TEST_CASE("the masks of an edge cancel in every ring, whatever the words are") {
  REQUIRE(sodium_init() >= 0);
  const Bytes seed(TRIB_KEY_BYTES, 7);
  for (const unsigned bits : {16U, 24U, 32U}) {
    Bytes words(480);
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = static_cast<std::uint8_t>(i * i % 256);
    std::memset(words.data(), 0, 96);
    std::memset(words.data() + 96, 0xff, 96);
    const Bytes before = words;
    REQUIRE(trib_add_pair_mask(port, bits, seed.data(), 2, 8, 0, words.data(), 480) == TRIB_OK);
    CHECK(words != before);
    REQUIRE(trib_add_pair_mask(port, bits, seed.data(), 8, 2, 0, words.data(), 480) == TRIB_OK);
    CHECK(words == before);
  }
}
