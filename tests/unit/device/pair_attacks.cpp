// What a hostile gateway can show a device of a pairwise group, and what comes of it.
#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

#include "tests/unit/device/pair_site.hpp"

using namespace pair_test;
using namespace tributary;

namespace {

const std::string root = "tributary/v1/";

// Slot 1 with all four uploads in; witnesses' vows are shown by the test alone.
struct Uploaded : PairSite {
  explicit Uploaded(const GroupPlan& wanted = {4, 3, 2, 3, 2, 1, 1000}) : PairSite(wanted) {
    retain_vows = false;
    join();
    open_round(1);
    run();
    REQUIRE(round->uploads.size() == plan.devices);
  }
  void show_vow(std::uint32_t index, const std::string& vow) {
    publish(root + "site/vow/" + round->ctx_hash.hex() + "/" + std::to_string(index), vow);
  }
  std::string closing_topic() const { return root + "site/closing/" + task.hex(); }
  void show_closing_to(std::uint32_t device, const std::vector<std::uint32_t>& survivors) {
    const auto message = closing(survivors);
    member(device).receive(closing_topic(), Bytes(message.begin(), message.end()));
  }
  std::uint32_t not_drawn() const {
    const auto drawn = witnesses(1);
    std::uint32_t index = 0;
    while (std::ranges::count(drawn, index) > 0) ++index;
    return index;
  }
};

using List = std::vector<std::uint32_t>;
const List all = {0, 1, 2, 3};

bool logged(const PairDevice& device, const std::string& text) {
  return std::ranges::any_of(device.log, [&](const auto& line) { return line.starts_with(text); });
}

}  // namespace

TEST_CASE("attack: a gateway that shows two survivor sets gets no share of either") {
  Uploaded site({4, 3, 2, 4, 3, 1, 1000});
  const List fewer = {0, 1, 2};
  site.round->survivors = all;
  for (const std::uint32_t i : {0U, 1U}) site.show_closing_to(i, all);
  for (const std::uint32_t i : {2U, 3U}) site.show_closing_to(i, fewer);
  site.run(500);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(site.vowed[i][1].size() == 1);
  // The other set to each: who has spoken is silent, also after a reset.
  for (const std::uint32_t i : {0U, 1U}) site.show_closing_to(i, fewer);
  for (const std::uint32_t i : {2U, 3U}) site.show_closing_to(i, all);
  site.run(500);
  for (std::uint32_t i = 0; i < 4; ++i) site.member(i).on();
  site.publish(site.closing_topic(), site.closing(fewer));
  site.run(500);
  for (const std::uint32_t i : {0U, 1U}) {
    CHECK(site.vowed[i][1] == std::set{site.survivors_hash(all).raw()});
    site.show_vow(i, site.witness_vow(i, site.survivors_hash(all)));
  }
  for (const std::uint32_t i : {2U, 3U}) {
    CHECK(site.vowed[i][1] == std::set{site.survivors_hash(fewer).raw()});
    site.show_vow(i, site.witness_vow(i, site.survivors_hash(fewer)));
  }
  site.run();
  CHECK(site.reveals == 0);
  CHECK(site.round->shares.empty());
}

TEST_CASE("attack: a second set after the decision, certified like the first") {
  Uploaded site;
  site.close_round(all);
  for (const auto i : site.witnesses(1))
    site.show_vow(i, site.witness_vow(i, site.survivors_hash(all)));
  site.run();
  REQUIRE(site.sum() == site.expected_sum());
  const List fewer = {0, 1, 2};
  const auto before = site.revealed;
  // Corrupt witnesses sign both; the devices have spoken.
  site.close_round(fewer);
  for (const auto i : site.witnesses(1)) {
    site.show_vow(i, site.witness_vow(i, site.survivors_hash(fewer)));
  }
  for (const bool reset : {false, true}) {
    if (reset) {
      for (std::uint32_t i = 0; i < 4; ++i) site.member(i).on();
    }
    site.run();
    for (std::uint32_t i = 0; i < 4; ++i) CHECK(site.member(i).said.contains(TRIB_STALE));
    CHECK(site.revealed == before);
  }
}

TEST_CASE("attack: a forged certificate opens nothing") {
  Uploaded site;
  site.close_round(all);
  const Hash hash = site.survivors_hash(all);
  const auto drawn = site.witnesses(1);
  SUBCASE("too few: one witness, shown under every name") {
    for (std::uint32_t i = 0; i < 4; ++i) site.show_vow(i, site.witness_vow(drawn[0], hash));
  }
  SUBCASE("not drawn") {
    site.show_vow(drawn[0], site.witness_vow(drawn[0], hash));
    site.show_vow(site.not_drawn(), site.witness_vow(site.not_drawn(), hash));
  }
  SUBCASE("not signed by the witnesses") {
    for (const auto i : drawn) site.show_vow(i, site.forged_vow(i, hash));
  }
  SUBCASE("not a member: a device of this gateway that is not in the tree") {
    site.show_vow(drawn[0], site.witness_vow(drawn[0], hash));
    v1::WitnessVow vow;
    REQUIRE(vow.ParseFromString(site.witness_vow(site.not_drawn(), hash)));
    // A stranger's keys at a drawn one's place.
    vow.mutable_witness()->set_index(drawn[1]);
    site.show_vow(drawn[1], vow.SerializeAsString());
  }
  SUBCASE("a path that is too short") {
    for (const auto i : drawn) {
      v1::WitnessVow vow;
      REQUIRE(vow.ParseFromString(site.witness_vow(i, hash)));
      vow.mutable_witness()->mutable_path()->RemoveLast();
      site.show_vow(i, vow.SerializeAsString());
    }
  }
  SUBCASE("of another set") {
    for (const auto i : drawn) {
      site.show_vow(i, site.witness_vow(i, site.survivors_hash({0, 1, 2})));
    }
  }
  site.run();
  CHECK(site.reveals == 0);
  for (std::uint32_t i = 0; i < 4; ++i) {
    CHECK_FALSE(site.member(i).records.contains(TRIB_RECORD_REVEAL));
  }
  // The same with the true ones.
  for (const auto i : drawn) site.show_vow(i, site.witness_vow(i, hash));
  site.run();
  CHECK(site.sum() == site.expected_sum());
}

TEST_CASE("attack: survivors of an unsigned context, of too few, of another length") {
  Uploaded site;
  auto message = site.closing(all);
  trib_status expected = TRIB_BAD_CONTEXT;
  v1::Closing closing;
  REQUIRE(closing.ParseFromString(message));
  SUBCASE("a context nobody signed") {
    closing.mutable_context()->back() ^= 1;
    expected = TRIB_BAD_SIGNATURE;
  }
  SUBCASE("fewer than n_min") {
    closing.set_survivors(std::string(1, '\x04'));
  }
  SUBCASE("bits behind the last member") {
    closing.set_survivors(std::string(1, '\x1f'));
    expected = TRIB_MALFORMED;
  }
  SUBCASE("too long") {
    closing.set_survivors(std::string("\x0f\x00", 2));
    expected = TRIB_MALFORMED;
  }
  SUBCASE("garbage") {
    closing.Clear();
    closing.set_context("x");
    expected = TRIB_BAD_SIGNATURE;
  }
  site.publish(site.closing_topic(), closing.SerializeAsString());
  site.run();
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(site.member(i).said.contains(expected));
  CHECK(site.vowed.empty());
  site.close_round(all);
  site.run();
  CHECK(site.vowed.size() == 3);
}

TEST_CASE("attack: asking for both shares of a survivor") {
  Uploaded site;
  site.retain_vows = true;
  site.both_kinds = true;  // of survivors the other one
  site.close_round(all);
  site.run();
  CHECK(site.reveals == 4);
  CHECK(site.round->shares.empty());
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(site.round->answered[i].size() == 3);
  // The right ones still open after a reset; the ones before did not.
  site.both_kinds = false;
  for (std::uint32_t i = 0; i < 4; ++i) site.member(i).on();
  site.run();
  CHECK(site.sum() == site.expected_sum());
}

TEST_CASE(
    "attack: a head signed by nobody, or of another slot, keeps its neighbours out of the round") {
  PairSite site;
  site.join();
  site.open_round(1);
  auto forged = site.prekeys[1].at(1);
  bool answer = false;
  SUBCASE("nobody's signature") {
    forged.head.signature.bytes[3] ^= 1;
  }
  SUBCASE("a mask key of the gateway's") {
    forged.head.mask_key = pairwise::mask_key(pairwise::MaskSecret::random());
  }
  SUBCASE("of another slot") {
    forged = site.prekeys[2].at(1);
  }
  SUBCASE("of another member") {
    forged = site.prekeys[1].at(2);
  }
  SUBCASE("the true one") {
    answer = true;
  }
  const Bytes head = pairwise::encode(forged.head);
  site.publish(site.head_topic(1, 1), std::string(head.begin(), head.end()));
  site.run(20000);
  // The attacked one has its neighbours' heads and masks with all of them.
  CHECK(site.round->uploads.size() == (answer ? 4 : 1));
  CHECK(site.round->uploads.contains(1));
  CHECK(logged(site.member(0), "no prekey in this slot of the neighbour with index 1") != answer);
  site.end_round();
  site.run();
  site.open_round(2);
  site.run();
  CHECK(site.round->uploads.size() == 4);
}

TEST_CASE("attack: a head that changes after a reset changes no mask") {
  PairSite site;
  site.credit_chunks = 1;
  site.join();
  site.open_round(1);
  auto& device = site.member(0);
  for (int turns = 0; turns < 300 && device.chunks_sent == 0; ++turns) site.step();
  REQUIRE(device.chunks_sent == 1);
  device.off();
  // Member 1 itself signs another head for the slot: the gateway has its key.
  std::vector<pairwise::SharePairKey> pair_keys;
  for (int i = 0; i < 3; ++i) pair_keys.push_back(pairwise::SharePairKey::random());
  const auto other =
      pairwise::make_prekey(pairwise::PrekeyChain(1, pairwise::ChainKey::random()), *site.graph,
                            site.plan.threshold, {1, site.ids[1], site.identities[1], pair_keys});
  REQUIRE(pairwise::check(other.head, site.terms(1), site.listed(1)) ==
          pairwise::PrekeyFault::none);
  const Bytes head = pairwise::encode(other.head);
  site.publish(site.head_topic(1, 1), std::string(head.begin(), head.end()));
  device.on();
  site.run();
  // No second vector under the nonce: PairSite compares. And the masks cancel.
  REQUIRE(site.round->uploads.size() == 4);
  const Bytes good = pairwise::encode(site.prekeys[1].at(1).head);
  site.publish(site.head_topic(1, 1), std::string(good.begin(), good.end()));
  site.close_round();
  site.run();
  CHECK(site.sum() == site.expected_sum());
}

TEST_CASE("attack: a member that is not in the tree is not believed") {
  PairSite site;
  for (const auto& device : site.devices) device->on();
  site.run();
  site.show_group();
  const std::string topic = root + "site/member/" + site.group_hash().hex() + "/1";
  v1::Member member = site.member_message(1);
  SUBCASE("another device's keys at its place") {
    *member.mutable_key() = site.keys.at(2);
  }
  SUBCASE("its certificate with another epoch key") {
    *member.mutable_key()->mutable_epoch_key() = site.keys.at(2).epoch_key();
  }
  SUBCASE("another path") {
    *member.mutable_path() = site.member_message(2).path();
  }
  const auto shown = member.SerializeAsString();
  site.broker.retained[topic] = Bytes(shown.begin(), shown.end());
  for (const auto& device : site.devices) {
    for (auto& [name, payload] : device->mailbox) {
      if (name == topic) payload = site.broker.retained[topic];
    }
  }
  site.run(400);
  CHECK(site.prekeys[1].empty());
  site.publish(topic, site.member_message(1).SerializeAsString());
  site.run();
  CHECK(site.prekeys[1].size() == 4);
}

TEST_CASE("attack: prekey receipts with a wrong mac, slot or group count for nothing") {
  PairSite site;
  site.prekey_receipts = false;
  site.join();
  REQUIRE(site.prekeys.size() == 1);
  v1::PrekeyReceipt receipt;
  receipt.set_group_hash(site.group_hash().raw());
  receipt.set_slot(1);
  receipt.set_mac(std::string(16, 'x'));
  site.deliver(0, "prekey", receipt.SerializeAsString());
  receipt.set_slot(2);
  site.deliver(0, "prekey", receipt.SerializeAsString());
  receipt.set_slot(1);
  receipt.set_group_hash(std::string(32, 'g'));
  site.deliver(0, "prekey", receipt.SerializeAsString());
  site.run();
  CHECK(site.member(0).said == std::set{TRIB_BAD_SIGNATURE, TRIB_STALE});
  CHECK(site.prekeys.size() == 1);
  site.prekey_receipts = true;
  site.run(20000);
  CHECK(site.prekeys.size() == 4);
}

TEST_CASE("attack: a signed context that is not of this group's slots closes nothing") {
  struct Row {
    const char* what;
    std::function<void(v1::RoundContext&)> change;
  };
  const std::vector<Row> rows = {
      {"another mode", [](auto& c) { c.set_mode(v1::TRUST_MODE_SPLIT_TRUST); }},
      {"no group", [](auto& c) { c.clear_pairwise(); }},
      {"another group",
       [](auto& c) { c.mutable_pairwise()->set_group_hash(std::string(32, 'x')); }},
      {"a later protocol", [](auto& c) { c.set_minimum_reader_version(99); }},
      {"another task", [](auto& c) { c.set_task_id(std::string(16, 'x')); }},
      {"another gateway", [](auto& c) { c.set_gateway_id(std::string(16, 'x')); }},
      {"before the first slot", [](auto& c) { c.set_round(0); }},
      {"after the last slot", [](auto& c) { c.set_round(1001); }},
      {"an n_min above the survivors", [](auto& c) { c.set_n_min(5); }}};
  for (const auto& row : rows) {
    CAPTURE(row.what);
    Uploaded site;
    v1::Closing closing;
    REQUIRE(closing.ParseFromString(site.closing(all)));
    auto context = site.round->context;
    row.change(context);
    v1::Offer offer;
    REQUIRE(offer.ParseFromString(site.offer_of(context)));
    closing.set_context(offer.context());
    closing.set_signature(offer.signature());
    site.publish(site.closing_topic(), closing.SerializeAsString());
    site.run();
    for (std::uint32_t i = 0; i < 4; ++i) CHECK(site.member(i).said.contains(TRIB_BAD_CONTEXT));
    CHECK(site.vowed.empty());
  }
}
