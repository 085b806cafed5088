// Protocol 10: a malicious device with a certificate.
#include <doctest/doctest.h>

#include "cloud/round/combine.hpp"
#include "cloud/round/context.hpp"
#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "tests/sim/forger.hpp"
#include "tests/sim/oracle.hpp"
#include "tests/sim/ploy.hpp"

using namespace tributary;
using namespace tributary::sim;
using cloud::store::RoundState;

namespace {

Nonce nonce_of(std::uint8_t number) {
  Nonce nonce;
  nonce.bytes.fill(number);
  return nonce;
}

// Three honest devices and a forger at gateway 1; a round is open, and the honest ones are done with it.
struct Scene {
  explicit Scene(std::uint64_t seed, std::uint32_t rounds = 1) : world(seed, shape(rounds)) {
    REQUIRE(world.join());
    forger.join();
    world.make_task();
    REQUIRE_MESSAGE(world.until([&] { return receipts() == 3; }), world.story());
  }
  static Shape shape(std::uint32_t rounds) {
    Shape shape;
    shape.devices = {3, 0};
    shape.rounds = rounds;
    shape.deadline_seconds = 20;
    return shape;
  }
  std::size_t receipts() const {
    std::size_t count = 0;
    for (const auto& node : world.nodes) count += node->receipts.size();
    return count;
  }
  cloud::store::RoundRow round(std::uint64_t number) {
    REQUIRE_MESSAGE(world.until([&] {
      const auto row = world.store().rounds.find({world.task, number});
      return row && row->state != RoundState::open;
    }),
                    world.story());
    return *world.store().rounds.find({world.task, number});
  }
  // The honest devices' words, added up, and those of the forger.
  Hash sum_with(const Forger::Words& own) {
    crypto::WordSums total{own, 0};
    for (const auto& node : world.nodes) {
      const auto& words = node->contributions.begin()->second.begin()->second;
      for (std::size_t i = 0; i < words.size(); ++i) total.words[i] += words[i];
    }
    return cloud::round::released_sum_hash(total);
  }

  World world;
  Ploy ploy{world};
  Forger forger{world};
};

// Zeros with full weight: what an honest device that learnt nothing sends.
Forger::Words nothing_learnt(const Scene& scene) {
  const auto context = cloud::round::read_context(scene.forger.offer().context());
  Forger::Words words(scene.forger.words(), 0);
  words[context->encoding.parameters] = std::int64_t{1} << context->encoding.weight_scale_log2;
  return words;
}

}  // namespace

TEST_CASE("a device that speaks by hand counts like another") {
  Scene scene(401);
  const auto words = nothing_learnt(scene);
  scene.forger.send(scene.forger.upload(words, nonce_of(1)));
  CHECK(scene.forger.receipts == 1);
  const auto round = scene.round(1);
  CHECK(round.survivors == 4);
  CHECK(*scene.world.store().rounds.parts(round.key)[0].sum_hash == scene.sum_with(words));
}

TEST_CASE("attack: an upload replayed counts once (R12)") {
  Scene scene(402);
  const auto words = nothing_learnt(scene);
  const auto upload = scene.forger.upload(words, nonce_of(1));
  for (int i = 0; i < 3; ++i) scene.forger.send(upload);
  const auto round = scene.round(1);
  CHECK(round.survivors == 4);
  CHECK(*scene.world.store().rounds.parts(round.key)[0].sum_hash == scene.sum_with(words));
}

TEST_CASE("attack: two uploads under two nonces in one round count once (G1)") {
  Scene scene(403);
  const auto words = nothing_learnt(scene);
  const auto first = scene.forger.upload(words, nonce_of(1));
  const auto second = scene.forger.upload(words, nonce_of(2));
  scene.forger.send(first);
  scene.forger.send(second);
  const auto round = scene.round(1);
  CHECK(scene.forger.rejects.size() >= 1);
  CHECK(round.survivors == 4);
  CHECK(*scene.world.store().rounds.parts(round.key)[0].sum_hash == scene.sum_with(words));
}

TEST_CASE("attack: an upload replayed in the next round (ctx_hash in key and tag)") {
  Scene scene(404, 2);
  const auto old = scene.forger.upload(nothing_learnt(scene), nonce_of(1));
  scene.forger.send(old);
  REQUIRE(scene.round(1).survivors == 4);
  REQUIRE(scene.world.until([&] { return scene.receipts() == 6; }));
  scene.forger.rejects.clear();
  const auto before = scene.forger.receipts;
  // Frames of the old round, with the new round's hash written over the old one.
  auto forged = old;
  v1::UploadHeader header;
  header.ParseFromString(old.header);
  const auto now = crypto::hash("ctx", {view_of(scene.forger.offer().context())});
  header.set_ctx_hash(now.raw());
  forged.header = header.SerializeAsString();
  v1::UploadRequest request;
  request.ParseFromString(old.request);
  request.set_ctx_hash(now.raw());
  forged.request = request.SerializeAsString();
  for (auto& frame : forged.frames) {
    const auto chunk = *wire::parse_upload_chunk(view_of(frame));
    const Bytes sealed(chunk.sealed.begin(), chunk.sealed.end());
    const auto bytes =
        wire::upload_chunk({wire::frame_tag(now), chunk.nonce, chunk.index, chunk.total, sealed});
    frame = std::string(text_of(bytes));
  }
  scene.forger.send(forged);
  CHECK(scene.forger.rejects.contains(v1::REJECT_BAD_CHUNK));
  CHECK(scene.forger.receipts == before);
  CHECK(scene.round(2).survivors == 3);
  // The oracle does not know the forger's words of round 1.
  for (const auto& wrong : all_wrongs(scene.world)) CHECK(wrong.starts_with("round 1: "));
}

TEST_CASE("attack: messages under another device's id (R14): the broker refuses them") {
  Scene scene(405);
  auto& victim = *scene.world.nodes[0];
  const auto refused = scene.world.brokers[0]->refused();
  scene.forger.send_as(victim.keys.id, scene.forger.upload(nothing_learnt(scene), nonce_of(1)));
  CHECK(scene.world.brokers[0]->refused() > refused);
  CHECK(scene.round(1).survivors == 3);
  CHECK(all_wrongs(scene.world).empty());
}

TEST_CASE("attack: messages under another device's id through a broker that lets them pass") {
  Scene scene(406);
  const auto upload = scene.forger.upload(nothing_learnt(scene), nonce_of(1));
  const auto& victim = scene.world.nodes[0]->keys.id;
  const auto say = [&](wire::UpKind kind, const std::string& payload) {
    scene.world.brokers[0]->inject(wire::up_topic(victim, kind), payload);
    scene.world.run(Span(20));
  };
  say(wire::UpKind::request, upload.request);
  for (const auto& frame : upload.frames) say(wire::UpKind::chunk, frame);
  say(wire::UpKind::header, upload.header);
  CHECK(scene.round(1).survivors == 3);
  CHECK(all_wrongs(scene.world).empty());
}

TEST_CASE(
    "attack: garbage in the ring burns the round, and nobody asks about parts of it (C2, C5)") {
  Scene scene(407);
  auto garbage = nothing_learnt(scene);
  garbage.back() = 12345;  // a canary
  scene.forger.send(scene.forger.upload(garbage, nonce_of(1)));
  const auto round = scene.round(1);
  CHECK(round.state == RoundState::abandoned);
  CHECK_FALSE(round.reason.empty());
  const auto ctx_hash = scene.world.store().rounds.parts(round.key)[0].ctx_hash;
  CHECK(scene.ploy.answers(1, ctx_hash).size() == 1);
  CHECK_FALSE(round.model_after.has_value());
}

TEST_CASE("attack: an update beyond its bounds is seen in the sum (C3)") {
  Scene scene(408);
  auto words = nothing_learnt(scene);
  words[0] = std::int64_t{1} << 30;
  scene.forger.send(scene.forger.upload(words, nonce_of(1)));
  CHECK(scene.round(1).state == RoundState::abandoned);
}

TEST_CASE("attack: a ticket that does not verify: the device is dropped, the others count (H4)") {
  Scene scene(409);
  auto upload = scene.forger.upload(nothing_learnt(scene), nonce_of(1));
  v1::UploadHeader header;
  header.ParseFromString(upload.header);
  (*header.mutable_tickets(0))[0] ^= 1;
  upload.header = header.SerializeAsString();
  scene.forger.send(upload);
  const auto round = scene.round(1);
  CHECK(round.state == RoundState::released);
  CHECK(round.survivors == 3);
  CHECK(all_wrongs(scene.world).empty());
}

TEST_CASE(
    "attack: late: an upload after the round was closed is refused and never carried over (G6)") {
  Scene scene(410, 2);
  const auto upload = scene.forger.upload(nothing_learnt(scene), nonce_of(1));
  REQUIRE(scene.round(1).survivors == 3);
  scene.forger.send(upload);
  CHECK(scene.forger.receipts == 0);
  CHECK((scene.forger.rejects.contains(v1::REJECT_LATE) ||
         scene.forger.rejects.contains(v1::REJECT_UNKNOWN_ROUND)));
  CHECK(scene.round(2).survivors == 3);
  CHECK(all_wrongs(scene.world).empty());
}
