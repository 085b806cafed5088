// Scopes wider than a gateway: rules H1 to H8 where one total over several gateways is answered.
#include <doctest/doctest.h>

#include <utility>

#include "device-protocol/cpp/context.hpp"
#include "storage/database.hpp"
#include "storage/schema/helper/schema.hpp"
#include "tests/unit/gateway/helper_world.hpp"

using namespace tributary;
using namespace tributary::gateway::helper;
using namespace tributary::gateway::helper::test;

namespace {

using Bend = std::function<void(v1::RoundContext&)>;
using Who = std::vector<std::size_t>;

// The world's own gateway with devices 1..5, and the other one with devices 11..14.
struct TwoSites {
  World world;
  v1::Roster roster_b;
  std::vector<Device> devices_b;

  TwoSites() {
    at_b([&] {
      world.roster.set_gateway_id(world.other_gateway.raw());
      for (std::uint16_t number = 11; number <= 14; ++number) {
        world.enrol(world.device(number, world.other_gateway));
      }
    });
  }

  template <class Work>
  void at_b(const Work& work) {
    std::swap(world.roster, roster_b);
    std::swap(world.devices, devices_b);
    work();
    std::swap(world.roster, roster_b);
    std::swap(world.devices, devices_b);
  }

  v1::RoundContext context(std::uint64_t round, const Bend& bend) const {
    auto context = world.context(round);
    context.set_minimum_reader_version(4);
    context.set_scope(v1::SCOPE_GLOBAL);
    context.set_scope_id(wire::scope_id(world.task, wire::global_scope).raw());
    if (bend) bend(context);
    return context;
  }
  v1::SumRequest leaf_a(std::uint64_t round, const Who& who, const Bend& bend = {}) const {
    auto leaf = world.request(context(round, bend), who);
    *leaf.mutable_gateway() = world.gateway_key(world.gateway);
    return leaf;
  }
  v1::SumRequest leaf_b(std::uint64_t round, const Who& who, const Bend& bend = {}) {
    v1::SumRequest leaf;
    at_b([&] { leaf = world.request(context(round, bend), who); });
    *leaf.mutable_gateway() = world.gateway_key(world.other_gateway);
    return leaf;
  }
  v1::JointRequest joint(std::uint64_t round, const Who& a = {0, 1, 2, 3, 4},
                         const Who& b = {0, 1, 2, 3}, const Bend& bend = {}) {
    return together({leaf_a(round, a, bend), leaf_b(round, b, bend)});
  }
  static v1::JointRequest together(const std::vector<v1::SumRequest>& leaves) {
    v1::JointRequest request;
    for (const auto& leaf : leaves) *request.add_leaves() = leaf;
    return request;
  }

  Decision ask(const v1::JointRequest& request, const std::set<DeviceId>& revoked = {}) const {
    const auto a = world.roster.SerializeAsString();
    const auto b = roster_b.SerializeAsString();
    const std::vector<std::string_view> rosters{a, b};
    return world.role->answer(request, rosters, revoked, now);
  }
  std::string answer(const v1::JointRequest& request) const {
    const auto decision = ask(request);
    if (const auto* refused = std::get_if<Refusal>(&decision)) FAIL(refused->text);
    const auto& job = std::get<Job>(decision);
    const auto finished = world.role->finish(job, run(job));
    if (const auto* unfinished = std::get_if<Unfinished>(&finished)) FAIL(unfinished->text);
    return std::get<Answer>(finished).body;
  }
  v1::MaskRefusal refused(const v1::JointRequest& request,
                          const std::set<DeviceId>& revoked = {}) const {
    const auto decision = ask(request, revoked);
    v1::MaskRefusal message;
    if (const auto* no = std::get_if<Refusal>(&decision)) message.ParseFromString(no->body);
    return message;
  }
  v1::HelperRefusal reason(const v1::JointRequest& request) const {
    return refused(request).reason();
  }
  // The devices' own masks added.
  Bytes expected(const v1::JointRequest& request, const Who& a, const Who& b) {
    auto sum = world.expected_sum(request.leaves(0), a);
    at_b([&] {
      crypto::ring_add(crypto::RingBits::b32, sum, world.expected_sum(request.leaves(1), b));
    });
    return sum;
  }
  v1::RoundScope scope(std::uint64_t round) const {
    v1::RoundScope named;
    named.set_tenant(tenant);
    named.set_task_id(world.task.raw());
    named.set_round(round);
    named.set_scope_id(wire::scope_id(world.task, wire::global_scope).raw());
    return named;
  }
};

Hash hash_of_survivors(const v1::SumRequest& leaf) {
  crypto::PartHasher hasher("survivors");
  hasher.part(wire::ctx_hash(leaf.context()).view());
  for (const auto& survivor : leaf.survivors()) {
    hasher.part(view_of(survivor.device_id() + survivor.nonce() + survivor.digest()));
  }
  return hasher.finish();
}

}  // namespace

TEST_CASE("H7: of a wider scope one sum leaves, over the survivors of all its gateways") {
  TwoSites sites;
  const auto request = sites.joint(1, {0, 2, 4}, {0, 1, 3});
  v1::MaskSum message;
  REQUIRE(message.ParseFromString(sites.answer(request)));
  const auto& a = request.leaves(0);
  const auto& b = request.leaves(1);
  const auto joint =
      crypto::hash("joint", {wire::ctx_hash(a.context()).view(), hash_of_survivors(a).view(),
                             wire::ctx_hash(b.context()).view(), hash_of_survivors(b).view()});
  CHECK(message.ctx_hash() == joint.raw());
  CHECK(message.survivors_hash() == joint.raw());
  CHECK(sites.world.open_sum(message.SerializeAsString()) ==
        sites.expected(request, {0, 2, 4}, {0, 1, 3}));
}

TEST_CASE("attack: a leaf of a wider scope asked alone, before and after the total") {
  TwoSites sites;
  const auto alone = sites.leaf_a(1, {0, 1, 2});
  CHECK(sites.world.refusal(alone) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK(sites.reason(TwoSites::together({alone})) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  const auto bytes = sites.answer(sites.joint(1));
  CHECK(sites.world.refusal(alone) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK(sites.reason(TwoSites::together({alone})) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK(sites.reason({}) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK(sites.answer(sites.joint(1)) == bytes);
}

TEST_CASE("attack: the same round as a scope of one gateway, signed anew (H5, H1)") {
  TwoSites sites;
  sites.answer(sites.joint(1));
  // The tickets are right under the new context too: a device of the attacker's would make them.
  CHECK(sites.world.refusal(sites.world.request(sites.world.context(1), {0, 1, 2})) ==
        v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK(sites.world.refusal(sites.world.request(sites.world.context(2), {0, 1, 2})) ==
        v1::HELPER_REFUSAL_BAD_CONTEXT);
}

TEST_CASE("attack: a combiner that asks for a group after scope gateway") {
  TwoSites sites;
  sites.world.answer(sites.world.request(sites.world.context(1), {0, 1, 2}));
  CHECK(sites.reason(sites.joint(1)) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK(sites.reason(sites.joint(2)) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK_NOTHROW(sites.world.answer(sites.world.request(sites.world.context(2), {0, 1, 2})));
}

TEST_CASE("attack: two joint sets that differ in one device, or in one gateway (H6)") {
  TwoSites sites;
  const auto bytes = sites.answer(sites.joint(1));
  CHECK(sites.reason(sites.joint(1, {0, 1, 2, 3})) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  CHECK(sites.reason(sites.joint(1, {0, 1, 2, 3, 4}, {1, 2, 3})) ==
        v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  sites.world.start();
  CHECK(sites.reason(sites.joint(1, {0, 1, 2, 3})) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  CHECK(sites.answer(sites.joint(1)) == bytes);
  CHECK_NOTHROW(sites.answer(sites.joint(2, {0, 1, 2, 3})));
  CHECK(sites.reason(sites.joint(1, {0, 1, 2, 3})) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
}

TEST_CASE("attack: another scope of the task in the same round gets none of its devices (H5)") {
  TwoSites sites;
  const Bend first = [](auto& c) {
    c.set_scope(v1::SCOPE_GROUP);
    c.set_scope_id(std::string(16, '1'));
  };
  const Bend second = [](auto& c) {
    c.set_scope(v1::SCOPE_GROUP);
    c.set_scope_id(std::string(16, '2'));
  };
  sites.answer(sites.joint(1, {0, 1, 2}, {0, 1, 2}, first));
  const auto again = sites.refused(sites.joint(1, {2, 3, 4}, {1, 2, 3}, second));
  CHECK(again.reason() == v1::HELPER_REFUSAL_DEVICE_TWICE);
  REQUIRE(again.device_ids_size() == 3);
  CHECK(again.device_ids(0) == device_id(3).raw());
  CHECK(again.device_ids(2) == device_id(13).raw());
}

TEST_CASE("attack: leaves that do not belong together") {
  TwoSites sites;
  const auto a = sites.leaf_a(1, {0, 1, 2});
  const Who three{0, 1, 2};
  std::vector<v1::SumRequest> leaves;
  SUBCASE("of another scope") {
    leaves = {a, sites.leaf_b(1, three, [](auto& c) {
                c.set_scope(v1::SCOPE_GROUP);
                c.set_scope_id(std::string(16, 's'));
              })};
  }
  SUBCASE("of scope gateway") {
    leaves = {a, sites.leaf_b(1, three, [](auto& c) {
                c.set_scope(v1::SCOPE_GATEWAY);
                c.clear_scope_id();
              })};
  }
  SUBCASE("of another round") {
    leaves = {a, sites.leaf_b(2, three)};
  }
  SUBCASE("of another model: two models in one round") {
    leaves = {a, sites.leaf_b(1, three, [](auto& c) { c.set_model_hash(std::string(32, 'm')); })};
  }
  SUBCASE("for another combiner") {
    leaves = {a, sites.leaf_b(1, three, [](auto& c) {
                c.set_combiner_key(crypto::exchange_key(crypto::ExchangeSecret::random()).raw());
              })};
  }
  SUBCASE("with another scale") {
    leaves = {a, sites.leaf_b(1, three, [](auto& c) { c.mutable_encoding()->set_scale_log2(9); })};
  }
  SUBCASE("the same gateway twice") {
    leaves = {a, a};
  }
  SUBCASE("not ascending") {
    leaves = {sites.leaf_b(1, three), a};
  }
  CHECK(sites.reason(TwoSites::together(leaves)) == v1::HELPER_REFUSAL_BAD_CONTEXT);
  CHECK_NOTHROW(sites.answer(sites.joint(1)));
}

TEST_CASE("attack: a device at two gateways of a scope (H5)") {
  TwoSites sites;
  // Certified twice, as a stolen authority key would; else rule H3 has it already.
  sites.at_b([&] {
    sites.world.roster.clear_devices();
    sites.world.devices.clear();
    for (const auto number : std::vector<std::uint16_t>{3, 12, 13, 14}) {
      sites.world.enrol(sites.world.device(number, sites.world.other_gateway));
    }
  });
  const auto no = sites.refused(sites.joint(1));
  CHECK(no.reason() == v1::HELPER_REFUSAL_DEVICE_TWICE);
  REQUIRE(no.device_ids_size() == 1);
  CHECK(no.device_ids(0) == device_id(3).raw());
  CHECK_NOTHROW(sites.answer(sites.joint(1, {0, 1, 3, 4}, {1, 2, 3})));
}

TEST_CASE("H1 to H4 hold for each leaf, and a refusal burns nothing") {
  TwoSites sites;
  auto request = sites.joint(1);
  auto expected = v1::HELPER_REFUSAL_UNSPECIFIED;
  std::vector<DeviceId> blamed;
  std::set<DeviceId> revoked;
  SUBCASE("H1: a context that the coordinator has not signed") {
    (*request.mutable_leaves(1)->mutable_context_signature())[0] ^= 1;
    expected = v1::HELPER_REFUSAL_BAD_CONTEXT;
  }
  SUBCASE("H1: this helper's own gateway is one of the scope") {
    sites.world.other_gateway = id_of<GatewayId>(0xAF);
    sites.world.other_party = sites.world.party(v1::ROLE_GATEWAY, sites.world.other_gateway.view());
    sites.at_b([&] { sites.world.roster.set_gateway_id(sites.world.other_gateway.raw()); });
    request = sites.joint(1);
    expected = v1::HELPER_REFUSAL_BAD_CONTEXT;
  }
  SUBCASE("H2: survivors that the gateway has not signed") {
    (*request.mutable_leaves(1)->mutable_signature())[0] ^= 1;
    expected = v1::HELPER_REFUSAL_BAD_REQUEST;
  }
  SUBCASE("H2: fewer than n_min at one of them, however many in all") {
    request = sites.joint(1, {0, 1, 2, 3, 4}, {0, 1});
    expected = v1::HELPER_REFUSAL_BAD_REQUEST;
  }
  SUBCASE("H3: a revoked device") {
    revoked = {device_id(12)};
    blamed = {device_id(12)};
    expected = v1::HELPER_REFUSAL_BAD_DEVICE;
  }
  SUBCASE("H4: a ticket of another upload") {
    *request.mutable_leaves(1)->mutable_tickets(2) = request.leaves(1).tickets(1);
    blamed = {device_id(13)};
    expected = v1::HELPER_REFUSAL_BAD_TICKET;
  }
  const auto no = sites.refused(request, revoked);
  CHECK(no.reason() == expected);
  REQUIRE(static_cast<std::size_t>(no.device_ids_size()) == blamed.size());
  for (std::size_t i = 0; i < blamed.size(); ++i) {
    CHECK(no.device_ids(static_cast<int>(i)) == blamed[i].raw());
  }
  CHECK(no.ctx_hash() == no.survivors_hash());
  if (sites.world.other_gateway == id_of<GatewayId>(0xA1)) {
    CHECK_NOTHROW(sites.answer(sites.joint(1)));
  }
}

TEST_CASE("H6: after a refusal that names devices the scope is asked without them") {
  TwoSites sites;
  auto request = sites.joint(1);
  *request.mutable_leaves(1)->mutable_tickets(2) = request.leaves(1).tickets(1);
  REQUIRE(sites.reason(request) == v1::HELPER_REFUSAL_BAD_TICKET);
  const auto rest = sites.joint(1, {0, 1, 2, 3, 4}, {0, 1, 3});
  CHECK(sites.world.open_sum(sites.answer(rest)) ==
        sites.expected(rest, {0, 1, 2, 3, 4}, {0, 1, 3}));
}

TEST_CASE("property 1: a crash between the record and the sum of a scope: identical bytes") {
  TwoSites sites;
  const auto request = sites.joint(1);
  REQUIRE(std::holds_alternative<Job>(sites.ask(request)));
  sites.world.start();
  CHECK(sites.reason(sites.joint(1, {0, 1, 2})) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  const auto bytes = sites.answer(request);
  sites.world.start();
  CHECK(sites.answer(request) == bytes);
}

TEST_CASE("H6: the VOID of a scope is about the whole of it, for ever, in the same bytes") {
  TwoSites sites;
  auto& role = *sites.world.role;
  const auto said = role.void_scope(sites.scope(1), now);
  REQUIRE(std::holds_alternative<VoidStatement>(said));
  v1::Signed message;
  v1::Void statement;
  REQUIRE(message.ParseFromString(std::get<VoidStatement>(said).body));
  REQUIRE(statement.ParseFromString(message.body()));
  CHECK(statement.scope().SerializeAsString() == sites.scope(1).SerializeAsString());
  CHECK(sites.reason(sites.joint(1)) == v1::HELPER_REFUSAL_VOID);
  sites.world.start();
  CHECK(sites.reason(sites.joint(1, {0, 1, 2})) == v1::HELPER_REFUSAL_VOID);
  const auto again = sites.world.role->void_scope(sites.scope(1), now + std::chrono::hours{1});
  CHECK(std::get<VoidStatement>(again).body == std::get<VoidStatement>(said).body);
  CHECK_NOTHROW(sites.answer(sites.joint(2)));
  CHECK(std::holds_alternative<VoidRefusal>(sites.world.role->void_scope(sites.scope(2), now)));
}

TEST_CASE("H6: a VOID names a gateway or a scope, never both, and one is not the other") {
  TwoSites sites;
  auto& role = *sites.world.role;
  auto both = sites.scope(1);
  both.set_gateway_id(sites.world.gateway.raw());
  CHECK(std::holds_alternative<VoidRefusal>(role.void_scope(both, now)));
  // A scope_id that happens to be a gateway's id is another thing than the gateway.
  auto gateway = sites.scope(1);
  gateway.set_gateway_id(gateway.scope_id());
  gateway.clear_scope_id();
  REQUIRE(std::holds_alternative<VoidStatement>(role.void_scope(gateway, now)));
  CHECK_NOTHROW(sites.answer(sites.joint(1)));
}

TEST_CASE("H8: the noise of a scope is the same at every retry") {
  TwoSites sites;
  const Bend with_noise = [](auto& c) {
    c.mutable_encoding()->set_scale_log2(16);
    c.mutable_privacy()->set_noise_multiplier(1);
    c.mutable_privacy()->set_participation_cap(3);
    c.mutable_privacy()->set_separation(1);
    c.mutable_privacy()->set_band(1);
  };
  const Who a{0, 1, 2};
  const Who b{0, 1, 2};
  const auto request = sites.joint(1, a, b, with_noise);
  const auto bytes = sites.answer(request);
  CHECK(sites.world.open_sum(bytes) != sites.expected(request, a, b));
  sites.world.start();
  CHECK(sites.answer(request) == bytes);
}

TEST_CASE("what a helper promised before wider scopes existed still holds") {
  World world;
  const auto folder = world.folder.path();
  world.role.reset();
  std::filesystem::remove(folder / "helper.db");
  const storage::SchemaSet before{"helper", schema::helper.migrations.first(1)};
  {
    storage::Database old(folder / "helper.db", {before}, now);
    old.run(
        "INSERT INTO record (task, gateway, round, survivors_hash, at) VALUES (?1, ?2, ?3, ?4, 1)",
        world.task.view(), world.gateway.view(), std::uint64_t{7}, Hash{}.view());
    old.run("INSERT INTO record (task, gateway, round, void, at) VALUES (?1, ?2, ?3, ?4, 1)",
            world.task.view(), world.gateway.view(), std::uint64_t{8}, view_of("said"));
  }
  world.start();
  const auto asked = [&](std::uint64_t round) {
    return world.refusal(world.request(world.context(round), {0, 1, 2}));
  };
  CHECK(asked(7) == v1::HELPER_REFUSAL_ALREADY_ANSWERED);
  CHECK(asked(8) == v1::HELPER_REFUSAL_VOID);
  CHECK(asked(6) == v1::HELPER_REFUSAL_ROUND_TOO_OLD);
  CHECK(asked(9) == v1::HELPER_REFUSAL_UNSPECIFIED);
}
