// The servers' view of what only some trust modes have: groups, their topics, and contexts of every mode.
#include <doctest/doctest.h>

#include <functional>
#include <limits>
#include <set>

#include "crypto/hash.hpp"
#include "device-protocol/cpp/context.hpp"
#include "device-protocol/cpp/group.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "tests/unit/device/wire_context.hpp"

using namespace tributary;
using namespace tributary::wire;
using tests::good_context;

namespace {

template <class Id>
Id filled(std::uint8_t value) {
  Id id;
  id.bytes.fill(value);
  return id;
}

v1::Group good_group() {
  v1::Group group;
  group.set_minimum_reader_version(4);
  group.set_tenant("acme");
  group.set_task_id(std::string(16, 't'));
  group.set_gateway_id(std::string(16, 'g'));
  group.set_roster_root(std::string(32, 'r'));
  group.set_beacon(std::string(32, 'b'));
  group.set_devices(20);
  group.set_neighbours(6);
  group.set_threshold(4);
  group.set_witnesses(10);
  group.set_quorum(7);
  group.set_first_slot(3);
  group.set_last_slot(9);
  return group;
}

template <class Message>
struct Row {
  const char* names;  // what the words of the refusal hold; "": accepted
  std::function<void(Message&)> change;
};

std::string fault_of(const v1::Group& group) {
  const auto parsed = parse_group(group.SerializeAsString());
  const auto* fault = std::get_if<std::string>(&parsed);
  return fault == nullptr ? std::string{} : *fault;
}
std::string fault_of(const v1::RoundContext& context) {
  const auto parsed = parse_context(context.SerializeAsString());
  const auto* fault = std::get_if<std::string>(&parsed);
  return fault == nullptr ? std::string{} : *fault;
}

template <class Message>
void check_rows(const Message& good, const std::vector<Row<Message>>& rows) {
  REQUIRE(fault_of(good).empty());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto message = good;
    rows[i].change(message);
    const auto fault = fault_of(message);
    CAPTURE(i);
    CAPTURE(fault);
    if (*rows[i].names == 0) {
      CHECK(fault.empty());
    } else {
      CHECK(fault.find(rows[i].names) != std::string::npos);
    }
  }
}

v1::RoundContext pairwise_context() {
  auto context = good_context();
  context.set_minimum_reader_version(4);
  context.set_mode(v1::TRUST_MODE_PAIRWISE);
  context.clear_helpers();
  context.mutable_pairwise()->set_group_hash(std::string(32, 'g'));
  context.mutable_pairwise()->set_witness_seconds(60);
  context.mutable_pairwise()->set_reveal_seconds(120);
  return context;
}

v1::RoundContext trusted_context() {
  auto context = good_context();
  context.set_minimum_reader_version(3);
  context.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY);
  context.clear_helpers();
  return context;
}

v1::RoundContext private_context() {
  auto context = good_context();
  context.set_minimum_reader_version(4);
  auto& privacy = *context.mutable_privacy();
  privacy.set_noise_multiplier(1);
  privacy.set_participation_cap(3);
  privacy.set_separation(2);
  privacy.set_band(2);
  return context;
}

}  // namespace

TEST_CASE("a group is typed, and knows its slots") {
  const auto bytes = good_group().SerializeAsString();
  const auto group = std::get<Group>(parse_group(bytes));
  CHECK(group.hash == crypto::hash("group", {view_of(bytes)}));
  CHECK(group.devices == 20);
  CHECK(group.quorum == 7);
  CHECK_FALSE(group.has_slot(2));
  CHECK(group.has_slot(3));
  CHECK(group.has_slot(9));
  CHECK_FALSE(group.has_slot(10));
  CHECK(std::get<std::string>(parse_group("\xff")).find("does not decode") != std::string::npos);
}

TEST_CASE(
    "a group that breaks a limit is refused by the name of its field, at the limit it is taken") {
  check_rows<v1::Group>(
      good_group(),
      {{"minimum_reader_version", [](auto& g) { g.set_minimum_reader_version(5); }},
       {"devices must be", [](auto& g) { g.set_devices(2); }},
       {"devices must be", [](auto& g) { g.set_devices(5001); }},
       {"", [](auto& g) { g.set_devices(5000); }},
       {"neighbours must be", [](auto& g) { g.set_neighbours(0); }},
       {"neighbours must be", [](auto& g) { g.set_neighbours(7); }},
       {"neighbours must be", [](auto& g) { g.set_neighbours(20); }},
       {"", [](auto& g) { g.set_neighbours(19); }},  // everybody else, odd as it is
       {"", [](auto& g) { g.set_devices(5000), g.set_neighbours(254); }},
       {"neighbours must be", [](auto& g) { g.set_devices(5000), g.set_neighbours(256); }},
       {"threshold", [](auto& g) { g.set_threshold(0); }},
       {"threshold", [](auto& g) { g.set_threshold(7); }},
       {"", [](auto& g) { g.set_threshold(6); }},
       {"", [](auto& g) { g.set_threshold(1); }},
       {"witnesses and quorum", [](auto& g) { g.set_witnesses(21); }},
       {"witnesses and quorum", [](auto& g) { g.set_quorum(0); }},
       {"witnesses and quorum", [](auto& g) { g.set_quorum(11); }},
       {"witnesses and quorum",
        [](auto& g) { g.set_quorum(5); }},  // two halves that agree on nothing
       {"", [](auto& g) { g.set_quorum(6); }},
       {"", [](auto& g) { g.set_quorum(10); }},
       {"witnesses and quorum",
        [](auto& g) { g.set_devices(5000), g.set_witnesses(256), g.set_quorum(200); }},
       {"slots must be", [](auto& g) { g.set_first_slot(0); }},
       {"slots must be", [](auto& g) { g.set_first_slot(10); }},
       {"", [](auto& g) { g.set_first_slot(9); }},
       {"slots must be", [](auto& g) { g.set_last_slot(UINT32_MAX); }},
       {"task_id and gateway_id", [](auto& g) { g.set_task_id("short"); }},
       {"task_id and gateway_id", [](auto& g) { g.set_gateway_id("short"); }},
       {"roster_root and beacon", [](auto& g) { g.set_roster_root("short"); }},
       {"roster_root and beacon", [](auto& g) { g.set_beacon("short"); }}});
}

TEST_CASE("topics of every kind are spelled as the protocol says, no two alike") {
  const auto device = filled<DeviceId>(0xd1);
  const std::string root = "tributary/v1/device/" + device.hex();
  const std::pair<UpKind, const char*> up[] = {{UpKind::prekey, "prekey"},
                                               {UpKind::vow, "vow"},
                                               {UpKind::shares, "shares"},
                                               {UpKind::reveal, "reveal"}};
  for (const auto& [kind, name] : up) {
    CHECK(up_topic(device, kind) == root + "/up/" + name);
    CHECK(parse_up_topic(up_topic(device, kind)) == UpTopic{device, kind});
  }
  std::set<std::string> down;
  for (const auto kind : {DownKind::welcome, DownKind::credit, DownKind::receipt, DownKind::reject,
                          DownKind::prekey, DownKind::shares}) {
    down.insert(down_topic(device, kind));
  }
  CHECK(down == std::set<std::string>{root + "/down/welcome", root + "/down/credit",
                                      root + "/down/receipt", root + "/down/reject",
                                      root + "/down/prekey", root + "/down/shares"});
  const auto task = filled<TaskId>(1);
  const auto hash = filled<Hash>(2);
  CHECK(group_topic(task) == "tributary/v1/site/group/" + task.hex());
  CHECK(closing_topic(task) == "tributary/v1/site/closing/" + task.hex());
  CHECK(member_topic(hash, 7) == "tributary/v1/site/member/" + hash.hex() + "/7");
  CHECK(head_topic(hash, 3, 7) == "tributary/v1/site/head/" + hash.hex() + "/3/7");
  CHECK(vow_topic(hash, 7) == "tributary/v1/site/vow/" + hash.hex() + "/7");
}

TEST_CASE("a context of mode pairwise has a group, its times, and nothing of the other modes") {
  const auto parsed = std::get<Context>(parse_context(pairwise_context().SerializeAsString()));
  REQUIRE(parsed.pairwise);
  CHECK(parsed.pairwise->group == Hash::from(std::string(32, 'g')));
  CHECK(parsed.pairwise->reveal_seconds == 120);
  check_rows<v1::RoundContext>(
      pairwise_context(),
      {{"mode pairwise needs minimum_reader_version 4",
        [](auto& c) { c.set_minimum_reader_version(3); }},
       {"no helpers", [](auto& c) { c.add_helpers()->set_helper_id(std::string(16, 'h')); }},
       {"needs mode trusted-gateway", [](auto& c) { c.mutable_aggregation(); }},
       {"needs scope gateway", [](auto& c) { c.set_scope(v1::SCOPE_GLOBAL); }},
       {"rounds up to", [](auto& c) { c.set_round(1ULL << 32); }},
       {"", [](auto& c) { c.set_round(UINT32_MAX); }},
       {"group_hash", [](auto& c) { c.clear_pairwise(); }},
       {"group_hash", [](auto& c) { c.mutable_pairwise()->set_group_hash("short"); }},
       {"at least 1", [](auto& c) { c.mutable_pairwise()->set_witness_seconds(0); }},
       {"at least 1", [](auto& c) { c.mutable_pairwise()->set_reveal_seconds(0); }},
       {"only mode pairwise has a group", [](auto& c) {
          c.set_mode(v1::TRUST_MODE_SPLIT_TRUST);
          c.add_helpers()->set_helper_id(std::string(16, 'h'));
        }}});
}

TEST_CASE("a context of a trusted gateway names a rule over devices that its n_min bears") {
  check_rows<v1::RoundContext>(
      trusted_context(),
      {{"needs minimum_reader_version 3", [](auto& c) { c.set_minimum_reader_version(2); }},
       {"not known",
        [](auto& c) { c.mutable_aggregation()->set_rule(static_cast<v1::RobustRule>(7)); }},
       {"aggregation: ",
        [](auto& c) {
          c.mutable_aggregation()->set_rule(v1::ROBUST_RULE_KRUM);
          c.mutable_aggregation()->set_attackers(1);
        }},
       {"",
        [](auto& c) {
          c.set_n_min(5);
          c.mutable_aggregation()->set_rule(v1::ROBUST_RULE_KRUM);
          c.mutable_aggregation()->set_attackers(1);
        }},
       {"device_noise hides",
        [](auto& c) {
          c.set_minimum_reader_version(4);
          c.mutable_aggregation()->set_rule(v1::ROBUST_RULE_MEDIAN);
          c.mutable_privacy()->set_device_noise(1);
        }},
       {"split-trust, trusted-gateway or pairwise",
        [](auto& c) { c.set_mode(v1::TRUST_MODE_UNSPECIFIED); }},
       {"need mode split-trust", [](auto& c) {
          c.set_minimum_reader_version(4);
          c.set_scope(v1::SCOPE_GROUP);
        }}});
  for (int rule = v1::RobustRule_MIN; rule <= v1::RobustRule_MAX; ++rule) {
    auto context = trusted_context();
    context.set_n_min(5);
    auto& aggregation = *context.mutable_aggregation();
    aggregation.set_rule(static_cast<v1::RobustRule>(rule));
    aggregation.set_factor(2);
    aggregation.set_radius(1);
    aggregation.set_iterations(1);
    const auto parsed = std::get<Context>(parse_context(context.SerializeAsString()));
    CHECK(rule_of(parsed.aggregation.kind) == rule);
  }
}

TEST_CASE("the limits of a context are themselves within them") {
  check_rows<v1::RoundContext>(
      good_context(),
      {{"", [](auto& c) { c.set_tenant(std::string(32, 'a')); }},
       {"tenant", [](auto& c) { c.clear_tenant(); }},
       {"", [](auto& c) { c.set_model(std::string(95, 'a')); }},
       {"model", [](auto& c) { c.clear_model(); }},
       {"", [](auto& c) { c.set_n_min(5), c.set_n_max(5); }},
       {"n_min", [](auto& c) { c.set_n_min(0); }},
       {"", [](auto& c) { c.set_not_before(200); }},
       {"", [](auto& c) { c.set_chunk_bytes(262128); }},
       {"chunk_bytes", [](auto& c) { c.set_chunk_bytes(0); }},
       {"parameters must be", [](auto& c) { c.set_parameters((1U << 24U) + 1); }},
       {"", [](auto& c) { c.mutable_encoding()->set_canary_words(1024); }},
       {"canary_words", [](auto& c) { c.mutable_encoding()->set_canary_words(1025); }},
       {"clip_inf", [](auto& c) { c.mutable_encoding()->set_clip_inf(0); }},
       {"loss_cap",
        [](auto& c) {
          c.mutable_encoding()->set_loss_cap(std::numeric_limits<float>::infinity());
        }},
       {"weight_examples_cap", [](auto& c) { c.mutable_encoding()->set_weight_examples_cap(0); }},
       {"", [](auto& c) { c.mutable_encoding()->set_scale_log2(-60); }},
       {"scale_log2", [](auto& c) { c.mutable_encoding()->set_scale_log2(-61); }},
       {"rotated encoding needs", [](auto& c) { c.mutable_encoding()->set_rotated(true); }},
       {"",
        [](auto& c) { c.set_minimum_reader_version(2), c.mutable_encoding()->set_rotated(true); }},
       {"wrap", [](auto& c) { c.mutable_encoding()->set_weight_scale_log2(32); }},
       {"task_id", [](auto& c) { c.set_gateway_id("short"); }},
       {"model_hash", [](auto& c) { c.set_model_hash("short"); }},
       {"roster_hash", [](auto& c) { c.set_roster_hash("short"); }},
       {"helpers must be", [](auto& c) {
          for (char i = 'a'; i < 'd'; ++i) c.add_helpers()->set_helper_id(std::string(16, i));
        }}});
}

TEST_CASE("privacy: what makes no sense is refused, what is coarser than 16 units too") {
  check_rows<v1::RoundContext>(
      private_context(),
      {{"noise_multiplier", [](auto& c) { c.mutable_privacy()->set_noise_multiplier(-1); }},
       {"noise_multiplier",
        [](auto& c) {
          c.mutable_privacy()->set_noise_multiplier(std::numeric_limits<float>::infinity());
        }},
       {"", [](auto& c) { c.mutable_privacy()->set_noise_multiplier(0); }},
       {"device_noise",
        [](auto& c) {
          c.mutable_privacy()->set_device_noise(std::numeric_limits<float>::quiet_NaN());
        }},
       {"", [](auto& c) { c.mutable_privacy()->set_device_noise(0.5F); }},
       {"participation_cap", [](auto& c) { c.mutable_privacy()->set_participation_cap(0); }},
       {"band", [](auto& c) { c.mutable_privacy()->set_band(0); }},
       {"separation", [](auto& c) { c.mutable_privacy()->set_separation(1); }},
       {"coarser than 16 units", [](auto& c) { c.mutable_encoding()->set_scale_log2(0); }},
       {"coarser than 16 units", [](auto& c) { c.mutable_encoding()->set_weight_scale_log2(0); }}});
}
