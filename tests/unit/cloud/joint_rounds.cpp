// Rounds that release one total over several gateways, through the coordinator's engine: what is shown, what is
// kept, and what a crash at each step leaves. The third gateway of the world is the helper.
#include <doctest/doctest.h>

#include "device-protocol/cpp/context.hpp"
#include "tests/unit/cloud/site_world.hpp"

using namespace tributary;
using namespace tributary::tests;
using cloud::engine::Decline;
using cloud::engine::Declined;
using cloud::engine::Result;
using cloud::store::RoundState;

namespace {

struct JointWorld {
  SiteWorld world{3};
  TaskId task;

  JointWorld() {
    world.join_all();
    const auto& [a, b, helper] = parties();
    const auto created = world.coordinator().board.create(
        R"({"name": "t", "model": "mlp:1-1", "scope": "global", "n_min": 2, "rounds": 2,
            "initial_model": ")" +
        world.import_model(5).hex() + R"(", "gateways": [")" + b.id.hex() + R"(", ")" + a.id.hex() +
        R"("], "helpers": {")" + a.id.hex() + R"(": [")" + helper.helper.hex() + R"("], ")" +
        b.id.hex() + R"(": [")" + helper.helper.hex() + R"("]}})");
    REQUIRE(std::holds_alternative<TaskId>(created));
    task = std::get<TaskId>(created);
    world.pass(std::chrono::seconds{3});
    REQUIRE(world.coordinator().rounds.open_round(task) != nullptr);
  }

  std::tuple<const SiteGateway&, const SiteGateway&, const SiteGateway&> parties() const {
    return {world.gateways[0], world.gateways[1], world.gateways[2]};
  }
  v1::Work work(const SiteGateway& gateway) {
    auto& c = world.coordinator();
    return work_of(gateway.id, c.rounds, c.fleet, c.revisions, c.identity, c.store);
  }
  bool put_sum(const SiteGateway& gateway, const Contribution& made) {
    return world.coordinator()
               .rounds.put_sum(gateway.id, world.ctx_of(task, gateway), made.sum)
               .index() == 0;
  }
  Result<> put_mask(const Hash& joint, const std::string& body) {
    return world.coordinator().rounds.put_mask_sum(world.gateways[2].id, joint, body);
  }
  cloud::store::RoundRow row(std::uint64_t round) {
    return world.coordinator().store.rounds.find({task, round}).value();
  }
};

std::optional<Decline> declined(const Result<>& result) {
  const auto* no = std::get_if<Declined>(&result);
  return no == nullptr ? std::nullopt : std::optional{no->kind};
}

Hash joint_of(const v1::JointRequest& request) {
  crypto::PartHasher hasher("joint");
  for (const auto& leaf : request.leaves()) {
    const auto ctx = wire::ctx_hash(leaf.context());
    std::vector<crypto::SurvivorEntry> entries;
    for (const auto& s : leaf.survivors()) {
      entries.push_back(
          {*DeviceId::from(s.device_id()), *Nonce::from(s.nonce()), *Hash::from(s.digest())});
    }
    hasher.part(ctx.view());
    hasher.part(crypto::survivors_hash(ctx, entries)->view());
  }
  return hasher.finish();
}

Bytes added(Bytes a, const Bytes& b) {
  crypto::ring_add(crypto::RingBits::b32, a, b);
  return a;
}

}  // namespace

TEST_CASE("a total: asked for at once, exact, one release record, the same hash at each gateway") {
  JointWorld joint;
  const auto& [a, b, helper] = joint.parties();
  auto& rounds = joint.world.coordinator().rounds;
  const auto made_a = joint.world.contribute(joint.task, a, {0, 1, 2});
  const auto made_b = joint.world.contribute(joint.task, b, {1, 3});
  REQUIRE(joint.put_sum(a, made_a));
  CHECK(joint.work(helper).joint_requests_size() == 0);
  const auto version = joint.work(helper).version();
  REQUIRE(joint.put_sum(b, made_b));
  const auto asked = joint.work(helper);
  CHECK(asked.version() != version);
  CHECK(asked.sum_requests_size() == 0);
  REQUIRE(asked.joint_requests_size() == 1);
  REQUIRE(asked.joint_requests(0).leaves_size() == 2);
  v1::RoundContext first;
  REQUIRE(first.ParseFromString(asked.joint_requests(0).leaves(0).context()));
  CHECK(first.gateway_id() == a.id.raw());
  CHECK(first.scope() == v1::SCOPE_GLOBAL);
  CHECK(first.minimum_reader_version() == 4);
  CHECK(first.scope_id() == wire::scope_id(joint.task, "global").raw());
  CHECK(asked.joint_requests(0).leaves(0).has_gateway());

  const auto hash = joint_of(asked.joint_requests(0));
  const auto masks = added(made_a.masks, made_b.masks);
  const auto body = joint.world.joint_mask_sum(helper, hash, masks);
  // attack: a helper's answer about one leaf alone.
  const auto leaf = joint.world.ctx_of(joint.task, a);
  auto alone = v1::MaskSum{};
  REQUIRE(alone.ParseFromString(body));
  alone.set_ctx_hash(leaf.raw());
  CHECK(declined(rounds.put_mask_sum(helper.id, leaf, alone.SerializeAsString())) ==
        Decline::unverified);
  REQUIRE(joint.put_mask(hash, body).index() == 0);
  CHECK(joint.row(1).state == RoundState::released);
  CHECK(joint.row(1).survivors == 5);
  CHECK(joint.put_mask(hash, body).index() == 0);  // repeated after the end
  CHECK(declined(joint.put_mask(hash, joint.world.joint_mask_sum(helper, hash, made_a.masks))) ==
        Decline::ended);

  auto truth = made_a.truth;
  truth.add(made_b.truth);
  auto& store = joint.world.coordinator().store;
  for (const auto& part : store.rounds.parts({joint.task, 1})) {
    CHECK(part.sum_hash == cloud::round::released_sum_hash(truth));
  }
  const auto releases = store.releases.of_round({joint.task, 1});
  REQUIRE(releases.size() == 1);
  v1::Release release;
  REQUIRE(release.ParseFromString(releases[0].body));
  CHECK(release.ctx_hash() == hash.raw());
  CHECK(release.survivors_hash() == hash.raw());
  CHECK(release.count() == 5);
  CHECK(release.sum_hash() == cloud::round::released_sum_hash(truth).raw());
}

TEST_CASE("property 1: the coordinator is killed after each step, and the round ends the same") {
  for (int killed = 0; killed <= 5; ++killed) {
    CAPTURE(killed);
    JointWorld joint;
    const auto& [a, b, helper] = joint.parties();
    const auto made_a = joint.world.contribute(joint.task, a, {0, 1, 2});
    const auto made_b = joint.world.contribute(joint.task, b, {0, 1, 2, 3});
    const auto step = [&](int number) {
      if (number == killed) joint.world.restart();
    };
    step(0);
    REQUIRE(joint.put_sum(b, made_b));
    step(1);
    REQUIRE(joint.put_sum(a, made_a));
    step(2);
    const auto asked = joint.work(helper);
    REQUIRE(asked.joint_requests_size() == 1);
    const auto hash = joint_of(asked.joint_requests(0));
    const auto body = joint.world.joint_mask_sum(helper, hash, added(made_a.masks, made_b.masks));
    // The masks are here, the worker has not been heard of yet.
    joint.world.run_jobs_at_once = killed != 3;
    REQUIRE(joint.put_mask(hash, body).index() == 0);
    joint.world.run_jobs_at_once = true;
    step(3);
    joint.world.run_jobs();
    step(4);
    CHECK(joint.put_mask(hash, body).index() == 0);
    step(5);
    CHECK(joint.row(1).state == RoundState::released);
    auto truth = made_a.truth;
    truth.add(made_b.truth);
    for (const auto& part : joint.world.coordinator().store.rounds.parts({joint.task, 1})) {
      CHECK(part.sum_hash == cloud::round::released_sum_hash(truth));
    }
    CHECK(joint.world.coordinator().store.releases.of_round({joint.task, 1}).size() == 1);
  }
}

TEST_CASE("refused devices: the gateway concerned is shown the drop and the question it is about") {
  JointWorld joint;
  const auto& [a, b, helper] = joint.parties();
  const auto made_a = joint.world.contribute(joint.task, a, {0, 1, 2});
  const auto made_b = joint.world.contribute(joint.task, b, {0, 1, 2});
  REQUIRE(joint.put_sum(a, made_a));
  REQUIRE(joint.put_sum(b, made_b));
  const auto first = joint_of(joint.work(helper).joint_requests(0));
  const auto no = SiteWorld::joint_refusal(helper, first, {b.devices[1]});
  REQUIRE(joint.world.coordinator().rounds.put_refusal(helper.id, first, no).index() == 0);
  joint.world.restart();
  CHECK(joint.work(a).drops_size() == 0);
  CHECK(joint.work(helper).joint_requests_size() == 0);
  const auto dropped = joint.work(b);
  REQUIRE(dropped.drops_size() == 1);
  CHECK(dropped.drops(0).ctx_hash() == joint.world.ctx_of(joint.task, b).raw());
  REQUIRE(dropped.drops(0).refusals_size() == 1);
  REQUIRE(dropped.drops(0).joint_size() == 2);
  CHECK(dropped.drops(0).joint(1) ==
        joint.world.ctx_of(joint.task, b).raw() + made_b.survivors_hash.raw());

  const auto rest = joint.world.contribute(joint.task, b, {0, 2});
  REQUIRE(joint.put_sum(b, rest));
  const auto second = joint_of(joint.work(helper).joint_requests(0));
  CHECK(second != first);
  REQUIRE(joint
              .put_mask(second,
                        joint.world.joint_mask_sum(helper, second, added(made_a.masks, rest.masks)))
              .index() == 0);
  CHECK(joint.row(1).state == RoundState::released);
  CHECK(joint.row(1).survivors == 5);
}

TEST_CASE("a gateway whose time is over is asked without, and stays without after a crash") {
  JointWorld joint;
  SiteWorld& world = joint.world;
  const auto& [a, b, helper] = joint.parties();
  REQUIRE(joint.put_sum(a, world.contribute(joint.task, a, {0, 1, 2})));
  const auto late = world.contribute(joint.task, b, {0, 1, 2});
  const auto ctx_b = world.ctx_of(joint.task, b);
  for (const auto& gateway : world.gateways) world.coordinator().fleet.seen(gateway.id);
  world.pass(std::chrono::seconds{700});
  // Two gateways, one of them missing: nothing may be released, for the total would be one gateway's.
  CHECK(joint.row(1).state == RoundState::abandoned);
  CHECK(declined(world.coordinator().rounds.put_sum(b.id, ctx_b, late.sum)) == Decline::ended);
}

TEST_CASE(
    "after an abandoned round the VOID of the scope is asked for, and shown to every gateway") {
  JointWorld joint;
  const auto& [a, b, helper] = joint.parties();
  joint.world.coordinator().rounds.stop(joint.task, "enough");
  const auto asked = joint.work(helper);
  REQUIRE(asked.voids_size() == 1);
  CHECK(asked.voids(0).gateway_id().empty());
  const auto scope = wire::scope_id(joint.task, "global");
  CHECK(asked.voids(0).scope_id() == scope.raw());
  auto& rounds = joint.world.coordinator().rounds;
  CHECK(declined(rounds.put_void(helper.id,
                                 SiteWorld::joint_void(helper, joint.task, 1, ScopeId{{1}}))) ==
        Decline::unknown);
  REQUIRE(rounds.put_void(helper.id, SiteWorld::joint_void(helper, joint.task, 1, scope)).index() ==
          0);
  CHECK(joint.work(helper).voids_size() == 0);
  CHECK(joint.world.coordinator()
            .store.voids.kept(joint.task, scope, joint.row(1).model_before, 6)
            .size() == 1);
}

TEST_CASE("trust in words: the coordinator sees the total only") {
  JointWorld joint;
  const auto& board = joint.world.coordinator().board;
  const auto words = cloud::round::trust_words(board.splits(board.find(joint.task)->spec));
  CHECK(words.find("scope global") != std::string::npos);
  CHECK(words.find("the total only") != std::string::npos);
  CHECK(words.find("helper role at site-3") != std::string::npos);
}

TEST_CASE("a helper that runs on a gateway of the scope helps nobody of it") {
  SiteWorld world{2};
  world.join_all();
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto created = world.coordinator().board.create(
      world.spec(world.import_model(5), R"("scope": "global", "helpers": {")" + a.id.hex() +
                                            R"(": [")" + b.helper.hex() + R"("], ")" + b.id.hex() +
                                            R"(": [")" + b.helper.hex() + R"("]})"));
  REQUIRE(std::holds_alternative<TaskId>(created));
  world.pass(std::chrono::seconds{3});
  const auto& task = std::get<TaskId>(created);
  CHECK(world.coordinator().rounds.open_round(task) == nullptr);
  CHECK(world.coordinator().board.find(task)->row.progress.state_reason.find("same sum") !=
        std::string::npos);
}
