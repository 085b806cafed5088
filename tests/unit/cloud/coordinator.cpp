#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "tests/unit/cloud/site_world.hpp"

using namespace tributary;
using namespace tributary::tests;
using cloud::engine::Decline;
using cloud::engine::Declined;
using cloud::engine::Result;
using cloud::engine::work_of;
using cloud::store::RoundState;
using cloud::store::TaskState;

namespace {

template <class Value>
std::optional<Decline> declined(const Result<Value>& result) {
  const auto* no = std::get_if<Declined>(&result);
  if (no == nullptr) return std::nullopt;
  CHECK_FALSE(no->text.empty());
  return no->kind;
}
template <class Value>
bool done(const Result<Value>& result) {
  return result.index() == 0;
}

v1::Work work(SiteWorld& world, const SiteGateway& gateway) {
  auto& c = world.coordinator();
  return work_of(gateway.id, c.rounds, c.fleet, c.revisions, c.identity, c.store);
}

float parameter(SiteWorld& world, const Hash& model, std::size_t index) {
  const auto content = world.coordinator().store.models.content(model).value();
  float value = 0;
  std::memcpy(&value, content.data() + index * sizeof value, sizeof value);
  return value;
}

const cloud::store::TaskProgress& progress(SiteWorld& world, const TaskId& task) {
  return world.coordinator().board.find(task)->row.progress;
}

}  // namespace

TEST_CASE("three rounds over two gateways: exact sums, next models, a chain of releases") {
  SiteWorld world;
  const auto task = world.start_task(R"("server_learning_rate": 0.5)");
  for (int i = 0; i < 3; ++i) world.release_round(task);
  CHECK(progress(world, task).state == TaskState::finished);
  CHECK(progress(world, task).released == 3);

  auto& store = world.coordinator().store;
  const auto rounds = store.rounds.of_task(task, 0, 10);
  REQUIRE(rounds.size() == 3);
  Hash previous{};
  for (const auto& row : rounds) {
    CHECK(row.state == RoundState::released);
    CHECK(row.survivors == 8);
    CHECK(row.masks_removed == 8);
    CHECK(*row.train_accuracy == doctest::Approx(0.5));
    const auto model = store.models.find(*row.model_after);
    REQUIRE(model);
    CHECK(model->parent == row.model_before);
    CHECK(model->version == row.key.round + 1);
    for (const auto& release : store.releases.of_round(row.key)) {
      v1::Release message;
      REQUIRE(message.ParseFromString(release.body));
      CHECK(message.previous() == previous.raw());
      CHECK(message.next_model_hash() == row.model_after->raw());
      previous = release.hash;
    }
  }
  // Words are 100 * (place + 1) + j, scaled: the mean over places 0..3 of word 0 is 250.
  const auto scale =
      cloud::round::read_context(store.rounds.parts(rounds[0].key)[0].context)->encoding.scale_log2;
  CHECK(parameter(world, *rounds[0].model_after, 0) ==
        doctest::Approx(0.5 * std::ldexp(250.0, -scale)));
  for (const auto& event : store.rounds.events({task, 1})) CHECK(event.body.empty());
}

TEST_CASE("work shows a gateway its offer and a helper its requests, until they are served") {
  SiteWorld world;
  const auto task = world.start_task();
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto ctx = world.ctx_of(task, a);
  REQUIRE(work(world, a).rounds_size() == 1);
  CHECK(crypto::hash("ctx", {view_of(work(world, a).rounds(0).context())}) == ctx);
  REQUIRE(work(world, a).helper_keys_size() == 1);
  CHECK(work(world, b).sum_requests_size() == 0);

  const auto version = work(world, b).version();
  const auto made = world.contribute(task, a, {0, 1, 2});
  CHECK(done(world.coordinator().rounds.put_sum(a.id, ctx, made.sum)));
  const auto asked = work(world, b);
  CHECK(asked.version() != version);
  REQUIRE(asked.sum_requests_size() == 1);
  CHECK(asked.sum_requests(0).survivors_size() == 3);
  CHECK(asked.sum_requests(0).tickets_size() == 3);
  CHECK(asked.sum_requests(0).helper_id() == b.helper.raw());
  CHECK(asked.sum_requests(0).has_gateway());

  CHECK(done(world.coordinator().rounds.put_mask_sum(b.id, ctx, made.mask_sum)));
  CHECK(work(world, b).sum_requests_size() == 0);
  world.coordinator().rounds.stop(task, "enough");
  REQUIRE(work(world, a).outcomes_size() == 1);
  CHECK(work(world, a).outcomes(0).kind() == v1::ROUND_OUTCOME_ABANDONED);
  CHECK(work(world, a).outcomes(0).reason() == "enough");
  CHECK(work(world, a).rounds_size() == 0);
}

TEST_CASE("R3: a restart at every step of a round leads to the same release") {
  for (int killed_after = 0; killed_after < 6; ++killed_after) {
    CAPTURE(killed_after);
    SiteWorld world;
    const auto task = world.start_task(R"("rounds": 1)");
    const auto& a = world.gateways[0];
    const auto& b = world.gateways[1];
    const auto ctx_a = world.ctx_of(task, a), ctx_b = world.ctx_of(task, b);
    const auto from_a = world.contribute(task, a, {0, 1, 2});
    const auto from_b = world.contribute(task, b, {1, 2, 3});
    const auto rounds = [&]() -> auto& {
      return world.coordinator().rounds;
    };
    const std::function<bool()> steps[] = {
        [&] { return done(rounds().put_sum(a.id, ctx_a, from_a.sum)); },
        [&] { return done(rounds().put_mask_sum(b.id, ctx_a, from_a.mask_sum)); },
        [&] { return done(rounds().put_sum(b.id, ctx_b, from_b.sum)); },
        [&] {
          world.run_jobs_at_once = false;  // die before the masks are off
          return done(rounds().put_mask_sum(a.id, ctx_b, from_b.mask_sum));
        },
    };
    int step = 0;
    if (killed_after == step++) world.restart();
    for (const auto& carry_out : steps) {
      REQUIRE(carry_out());
      if (killed_after == step++) world.restart();
    }
    world.run_jobs_at_once = true;
    world.run_jobs();
    // Answers lost with the crash are asked for again and accepted.
    CHECK(done(rounds().put_sum(a.id, ctx_a, from_a.sum)));
    CHECK(done(rounds().put_mask_sum(b.id, ctx_a, from_a.mask_sum)));
    if (killed_after == step) world.restart();
    CHECK(progress(world, task).state == TaskState::finished);
    const auto parts = world.coordinator().store.rounds.parts({task, 1});
    REQUIRE(parts.size() == 2);
    CHECK(parts[0].sum_hash == cloud::round::released_sum_hash(from_a.truth));
    CHECK(parts[1].sum_hash == cloud::round::released_sum_hash(from_b.truth));
    CHECK(parts[0].survivors.size() == 3);
    CHECK(work(world, a).outcomes(0).kind() == v1::ROUND_OUTCOME_RELEASED);
    CHECK(declined(rounds().put_sum(b.id, ctx_b, world.gateways.size() ? from_a.sum : "")) ==
          Decline::unverified);
  }
}

TEST_CASE("a refused device is dropped and the round goes on, across a restart") {
  SiteWorld world;
  const auto task = world.start_task(R"("rounds": 1)");
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto ctx = world.ctx_of(task, a);
  const auto first = world.contribute(task, a, {0, 1, 2, 3});
  auto& rounds = world.coordinator().rounds;
  REQUIRE(done(rounds.put_sum(a.id, ctx, first.sum)));
  const auto refusal = world.refuse(task, a, first.survivors_hash, {a.devices[1]});
  REQUIRE(done(rounds.put_refusal(b.id, ctx, refusal)));
  CHECK(done(rounds.put_refusal(b.id, ctx, refusal)));
  world.restart();
  const auto asked = work(world, a);
  REQUIRE(asked.drops_size() == 1);
  CHECK(asked.drops(0).refusals(0).device_ids(0) == a.devices[1].raw());
  CHECK(work(world, b).sum_requests_size() == 0);
  auto& after = world.coordinator().rounds;
  CHECK(declined(after.put_sum(a.id, ctx, first.sum)) == Decline::conflict);
  const auto second = world.contribute(task, a, {0, 2, 3});
  CHECK(done(after.put_sum(a.id, ctx, second.sum)));
  CHECK(done(after.put_mask_sum(b.id, ctx, second.mask_sum)));
  CHECK(world.round(task).total.words[0] == second.truth.words[0]);
}

TEST_CASE("a garbage sum is burnt, the round abandoned and tried again with the same model") {
  SiteWorld world;
  const auto task = world.start_task();
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto ctx = world.ctx_of(task, a);
  const auto model = progress(world, task).model;
  const auto bad = world.contribute(task, a, {0, 1, 2}, true);
  auto& rounds = world.coordinator().rounds;
  REQUIRE(done(rounds.put_sum(a.id, ctx, bad.sum)));
  REQUIRE(done(rounds.put_mask_sum(b.id, ctx, bad.mask_sum)));
  CHECK(progress(world, task).abandoned == 1);
  CHECK(progress(world, task).state_reason.find("C2") != std::string::npos);
  // b's sum was never asked for: its helper promises never to answer that round.
  REQUIRE(work(world, a).voids_size() == 1);
  CHECK(work(world, a).voids(0).gateway_id() == b.id.raw());
  CHECK(work(world, b).voids_size() == 0);
  CHECK(declined(rounds.put_void(b.id, world.void_body(task, 1, a))) == Decline::unknown);
  CHECK(declined(rounds.put_void(b.id, world.void_body(task, 1, b))) == Decline::unverified);
  CHECK(done(rounds.put_void(a.id, world.void_body(task, 1, b))));
  CHECK(work(world, a).voids_size() == 0);

  CHECK(rounds.open_round(task) == nullptr);  // a pause comes first
  world.pass(std::chrono::seconds{2});
  CHECK(world.round(task).row.key.round == 2);
  // A helper has answered: devices never contribute to that model again (D3), so the next one differs.
  CHECK(world.round(task).row.model_before != model);
  const auto renewed = world.coordinator().store.models.content(world.round(task).row.model_before);
  const auto old = world.coordinator().store.models.content(model);
  REQUIRE(renewed);
  REQUIRE(old);
  CHECK(renewed->size() == old->size());
  CHECK(std::equal(renewed->begin() + 4, renewed->end(), old->begin() + 4));
  world.release_round(task);
  CHECK(progress(world, task).abandoned_in_row == 0);
}

TEST_CASE(
    "VOIDs of rounds with the same model are shown to its devices, as soon as they have come") {
  SiteWorld world;
  const auto task = world.start_task();
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto model = world.round(task).row.model_before;
  auto& rounds = world.coordinator().rounds;
  REQUIRE(done(rounds.put_abandon(a.id, world.ctx_of(task, a), world.abandon_body(task, a))));
  world.pass(std::chrono::seconds{2});
  REQUIRE(world.round(task).row.key.round == 2);
  CHECK(world.round(task).row.model_before == model);
  REQUIRE(work(world, a).rounds_size() == 1);
  CHECK(work(world, a).rounds(0).voids_size() == 0);
  const auto before = work(world, a).version();
  REQUIRE(done(rounds.put_void(b.id, world.void_body(task, 1, a))));
  CHECK(work(world, a).version() != before);
  REQUIRE(work(world, a).rounds(0).voids_size() == 1);
  CHECK(work(world, a).rounds(0).voids(0).SerializeAsString() == world.void_body(task, 1, a));
  CHECK(work(world, b).rounds(0).voids_size() == 0);
}

TEST_CASE("ten abandoned rounds in a row fail the task, with growing pauses") {
  SiteWorld world;
  const auto task = world.start_task();
  auto waited = std::chrono::milliseconds{0};
  for (int i = 0; i < 10; ++i) {
    const auto& a = world.gateways[0];
    REQUIRE(done(world.coordinator().rounds.put_abandon(a.id, world.ctx_of(task, a),
                                                        world.abandon_body(task, a))));
    CHECK(world.coordinator().rounds.open_round(task) == nullptr);
    while (i < 9 && world.coordinator().rounds.open_round(task) == nullptr) {
      for (const auto& gateway : world.gateways) world.coordinator().fleet.seen(gateway.id);
      waited += std::chrono::milliseconds{500};
      world.pass(std::chrono::milliseconds{500});
      REQUIRE(waited < std::chrono::minutes{10});
    }
  }
  CHECK(progress(world, task).state == TaskState::failed);
  CHECK(progress(world, task).state_reason.find("1 device came") != std::string::npos);
  CHECK(waited > std::chrono::seconds{60});
  world.pass(std::chrono::hours{1});
  CHECK(world.coordinator().rounds.open_round(task) == nullptr);
}

TEST_CASE("a task waits in words until its gateways are ready and the rosters rest") {
  SiteWorld world;
  const auto created = world.coordinator().board.create(world.spec(world.import_model(5)));
  const auto task = std::get<TaskId>(created);
  const auto reason = [&] { return progress(world, task).state_reason; };
  world.coordinator().tick();
  CHECK(reason().find("has not given its keys") != std::string::npos);
  world.join(world.gateways[0]);
  auto& b = world.gateways[1];
  REQUIRE(done(world.coordinator().fleet.put_keys(b.id, world.keys_of(b, false))));
  world.coordinator().tick();
  CHECK(reason().find("holds 0 devices") != std::string::npos);
  REQUIRE(done(world.coordinator().fleet.put_roster(b.id, world.roster_of(b))));
  world.coordinator().tick();
  CHECK(reason().find("no helper key") != std::string::npos);
  world.join(b);
  world.coordinator().tick();
  CHECK(reason().find("still joining") != std::string::npos);
  CHECK(world.coordinator().rounds.open_round(task) == nullptr);
  world.pass(std::chrono::seconds{2});
  CHECK(world.coordinator().rounds.open_round(task) != nullptr);
  CHECK(progress(world, task).state == TaskState::running);
}

TEST_CASE("statements that do not verify change nothing") {
  SiteWorld world;
  const auto task = world.start_task();
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto ctx = world.ctx_of(task, a);
  const auto good = world.contribute(task, a, {0, 1, 2});
  auto& rounds = world.coordinator().rounds;
  const auto altered = [&](auto change) {
    v1::GatewaySum sum;
    sum.ParseFromString(good.sum);
    change(sum);
    return rounds.put_sum(a.id, ctx, sum.SerializeAsString());
  };
  CHECK(declined(rounds.put_sum(a.id, ctx, "\xff")) == Decline::malformed);
  CHECK(declined(rounds.put_sum(a.id, Hash{}, good.sum)) == Decline::unknown);
  CHECK(declined(rounds.put_sum(b.id, ctx, good.sum)) == Decline::unverified);
  CHECK(declined(rounds.put_sum(a.id, world.ctx_of(task, b), good.sum)) == Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.mutable_words()->front() ^= 1; })) ==
        Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.mutable_words()->pop_back(); })) ==
        Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.mutable_signature()->front() ^= 1; })) ==
        Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.mutable_request_signature()->front() ^= 1; })) ==
        Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.mutable_survivors()->RemoveLast(); })) ==
        Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.mutable_survivors()->SwapElements(0, 1); })) ==
        Decline::unverified);
  CHECK(declined(altered([](auto& sum) { sum.clear_tickets(); })) == Decline::unverified);
  CHECK(declined(rounds.put_mask_sum(a.id, ctx, good.mask_sum)) == Decline::unverified);
  CHECK(declined(rounds.put_mask_sum(b.id, ctx, good.mask_sum)) == Decline::conflict);
  CHECK(world.coordinator().store.rounds.events({task, 1}).empty());

  CHECK(done(rounds.put_sum(a.id, ctx, good.sum)));
  v1::MaskSum mask;
  mask.ParseFromString(good.mask_sum);
  mask.mutable_signature()->front() ^= 1;
  CHECK(declined(rounds.put_mask_sum(b.id, ctx, mask.SerializeAsString())) == Decline::unverified);
  CHECK(declined(rounds.put_sum(a.id, ctx, world.contribute(task, a, {0, 1, 2}).sum)) ==
        Decline::conflict);
}

TEST_CASE("a survivor outside the roster of the context is refused (C1)") {
  SiteWorld world;
  const auto task = world.start_task();
  auto stranger = world.gateways[0].devices.back();
  stranger.bytes[15] = 200;
  world.gateways[0].devices.push_back(stranger);
  const auto& a = world.gateways[0];
  const auto made = world.contribute(task, a, {0, 1, 4});
  CHECK(declined(world.coordinator().rounds.put_sum(a.id, world.ctx_of(task, a), made.sum)) ==
        Decline::unverified);
}

TEST_CASE("keys are taken only from whom they certify") {
  SiteWorld world;
  auto& fleet = world.coordinator().fleet;
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  CHECK(declined(fleet.put_keys(a.id, "\xff")) == Decline::malformed);
  CHECK(declined(fleet.put_keys(a.id, "")) == Decline::unverified);
  CHECK(declined(fleet.put_keys(a.id, world.keys_of(b))) == Decline::unverified);
  CHECK(declined(fleet.put_roster(a.id, world.roster_of(a))) == Decline::conflict);
  CHECK(done(fleet.put_keys(a.id, world.keys_of(a))));
  CHECK(declined(fleet.put_roster(a.id, world.roster_of(b))) == Decline::unverified);
  CHECK(done(fleet.put_roster(a.id, world.roster_of(a))));
  v1::GatewayKeys stolen;
  stolen.ParseFromString(world.keys_of(b));
  v1::GatewayKeys own;
  own.ParseFromString(world.keys_of(a));
  *stolen.mutable_helper() = own.helper();
  CHECK(declined(fleet.put_keys(b.id, stolen.SerializeAsString())) == Decline::conflict);
  v1::Roster unsorted;
  unsorted.ParseFromString(world.roster_of(a));
  unsorted.mutable_devices()->SwapElements(0, 1);
  CHECK(declined(fleet.put_roster(a.id, unsorted.SerializeAsString())) == Decline::unverified);
}

TEST_CASE("a stopped task ends with its round, and stays so after a restart") {
  SiteWorld world;
  const auto task = world.start_task();
  world.coordinator().rounds.stop(task, "stopped by the operator");
  CHECK(progress(world, task).state == TaskState::stopped);
  CHECK(progress(world, task).abandoned == 1);
  world.restart();
  world.pass(std::chrono::minutes{1});
  CHECK(progress(world, task).state == TaskState::stopped);
  CHECK(world.coordinator().rounds.open_round(task) == nullptr);
  CHECK(world.coordinator().store.rounds.find({task, 1})->state == RoundState::abandoned);
}

TEST_CASE("one gateway of two is enough when the spec says so; the late one is told") {
  SiteWorld world;
  const auto task = world.start_task(R"("gateway_quorum": 1, "rounds": 1, "deadline_seconds": 60)");
  const auto& a = world.gateways[0];
  const auto& b = world.gateways[1];
  const auto ctx = world.ctx_of(task, a);
  const auto made = world.contribute(task, a, {0, 1, 2, 3});
  auto& rounds = world.coordinator().rounds;
  REQUIRE(done(rounds.put_sum(a.id, ctx, made.sum)));
  REQUIRE(done(rounds.put_mask_sum(b.id, ctx, made.mask_sum)));
  CHECK(rounds.open_round(task) != nullptr);
  world.pass(std::chrono::seconds{95});
  CHECK(progress(world, task).state == TaskState::finished);
  CHECK(work(world, a).outcomes(0).kind() == v1::ROUND_OUTCOME_RELEASED);
  CHECK(work(world, b).outcomes(0).kind() == v1::ROUND_OUTCOME_ABANDONED);
}
