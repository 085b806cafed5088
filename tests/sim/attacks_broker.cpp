// Protocol 10: whoever owns the broker, or the air around it.
#include <doctest/doctest.h>

#include "device-protocol/cpp/topics.hpp"
#include "tests/sim/oracle.hpp"

using namespace tributary;
using namespace tributary::sim;
using cloud::store::RoundState;

namespace {

Shape three_devices(std::uint32_t rounds = 1) {
  Shape shape;
  shape.devices = {3, 0};
  shape.rounds = rounds;
  shape.deadline_seconds = 15;
  return shape;
}

}  // namespace

TEST_CASE(
    "attack: spoofed receipts: a device believes only its gateway's MAC, and keeps its update") {
  World world(601, three_devices());
  REQUIRE(world.join());
  auto& victim = *world.nodes[0];
  std::string header;
  bool honest = false;
  world.brokers[0]->tap = [&](const std::string& user, const std::string& topic,
                              std::string& payload) {
    if (topic == wire::up_topic(victim.keys.id, wire::UpKind::header)) {
      header = payload;
      return honest;
    }
    return honest || user != "gateway" || !topic.ends_with("/receipt");
  };
  world.make_task();
  REQUIRE(world.until([&] { return !header.empty(); }));
  v1::UploadHeader sent;
  REQUIRE(sent.ParseFromString(header));
  v1::Receipt receipt;
  receipt.set_ctx_hash(sent.ctx_hash());
  receipt.set_nonce(sent.nonce());
  receipt.set_digest(sent.digest());
  for (const char byte : {'\0', 'Z', '\xff'}) {
    receipt.set_mac(std::string(Mac::size, byte));
    world.brokers[0]->inject(wire::down_topic(victim.keys.id, wire::DownKind::receipt),
                             receipt.SerializeAsString());
  }
  world.run(Span(500));
  CHECK(victim.receipts.empty());
  CHECK(victim.phase() == TRIB_PHASE_COMMITTING);
  CHECK(victim.said.count(TRIB_BAD_SIGNATURE) == 3);
  honest = true;
  REQUIRE(world.until([&] { return world.finished(); }));
  CHECK(victim.receipts.size() == 1);
  CHECK(all_wrongs(world).empty());
}

TEST_CASE(
    "attack: all of one device's headers are dropped: it has no receipt, the others' sum is "
    "exact") {
  World world(602, three_devices());
  REQUIRE(world.join());
  auto& victim = *world.nodes[1];
  world.brokers[0]->tap = [&](const std::string&, const std::string& topic, std::string&) {
    return topic != wire::up_topic(victim.keys.id, wire::UpKind::header);
  };
  world.make_task();
  REQUIRE(world.until([&] { return world.finished(); }));
  CHECK(victim.receipts.empty());
  const auto rounds = world.store().rounds.of_task(world.task, 0, 10);
  REQUIRE(rounds.size() == 1);
  CHECK(rounds[0].survivors == 2);
  CHECK(all_wrongs(world).empty());
}

TEST_CASE("attack: chunks are damaged on their way: none counts, and a later round has everybody") {
  World world(603, three_devices());
  REQUIRE(world.join());
  int damaged = 0;
  world.brokers[0]->tap = [&](const std::string&, const std::string& topic, std::string& payload) {
    if (topic.ends_with("/up/chunk") && damaged < 5)
      payload[payload.size() - 1 - 3 * ++damaged] ^= 4;
    return true;
  };
  world.make_task();
  REQUIRE(world.until([&] { return world.finished(); }));
  CHECK(damaged == 5);
  CHECK(world.store().rounds.of_task(world.task, 0, 20).back().survivors == 3);
  CHECK(all_wrongs(world).empty());
}

TEST_CASE(
    "attack: what the broker sees is masked and sealed (R22): no plain update in any message") {
  World world(604, three_devices());
  REQUIRE(world.join());
  std::string seen;
  world.brokers[0]->tap = [&](const std::string&, const std::string&, std::string& payload) {
    seen += payload;
    return true;
  };
  world.make_task();
  REQUIRE(world.until([&] { return world.finished(); }));
  for (const auto& node : world.nodes) {
    for (const auto& [ctx_hash, sent] : node->contributions) {
      const auto& words = sent.begin()->second;
      const std::string plain(reinterpret_cast<const char*>(words.data() + world.nodes.size()),
                              4 * Node::private_words);
      CHECK(seen.find(plain) == std::string::npos);
      // The search would find it: a part of the words as they were sent is there.
      CHECK(plain != std::string(plain.size(), '\0'));
    }
  }
}

TEST_CASE("attack: an old offer is retained again: devices take part in no round twice (D2)") {
  World world(605, three_devices(2));
  REQUIRE(world.join());
  std::string first;
  world.brokers[0]->tap = [&](const std::string&, const std::string& topic, std::string& payload) {
    if (topic.find("/site/offer/") != std::string::npos && first.empty()) first = payload;
    return true;
  };
  world.make_task();
  REQUIRE(world.until([&] { return world.finished(); }));
  REQUIRE_FALSE(first.empty());
  for (int i = 0; i < 3; ++i) {
    world.brokers[0]->inject(wire::offer_topic(world.task), first);
    world.run(std::chrono::seconds(5));
  }
  for (const auto& node : world.nodes) {
    CHECK(node->contributions.size() == 2);
    CHECK(node->said.contains(TRIB_STALE));
  }
  CHECK(all_wrongs(world).empty());
}
