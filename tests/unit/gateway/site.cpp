#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/unit/gateway/site_world.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;

namespace {

std::set<DeviceId> survivors(const v1::GatewaySum& sum) {
  std::set<DeviceId> ids;
  for (const auto& survivor : sum.survivors()) ids.insert(*DeviceId::from(survivor.device_id()));
  return ids;
}

}  // namespace

TEST_CASE("the sum of masked uploads, unmasked, is the true sum") {
  Fleet fleet(4);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 3));
  REQUIRE_FALSE(world.retained(world.offer_topic()).empty());
  for (std::size_t i = 0; i < 3; ++i) world.upload(fleet.devices[i]);
  CHECK(world.receipts.size() == 3);
  const auto sum = world.sum();
  REQUIRE(sum.survivors_size() == 3);
  CHECK(fleet.unmask(sum) == fleet.true_sum(sum));
  CHECK(world.retained(world.offer_topic()).empty());

  v1::Work work;
  auto* outcome = work.add_outcomes();
  outcome->set_ctx_hash(sum.ctx_hash());
  outcome->set_kind(v1::ROUND_OUTCOME_RELEASED);
  world.site->take(work);
  world.settle();
  CHECK(std::filesystem::is_empty(fleet.folder.path() / "state" / "journal"));
  CHECK(world.site->open_rounds() == 0);
}

TEST_CASE("VOIDs that come later are published with the offer that is out, once") {
  Fleet fleet(4);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 3));
  v1::Offer offer;
  REQUIRE(offer.ParseFromString(world.retained(world.offer_topic())));
  CHECK(offer.voids_size() == 0);
  v1::Work work;
  auto* round = work.add_rounds();
  round->set_context(offer.context());
  round->set_signature(offer.signature());
  round->add_voids()->set_body("nobody here can judge it: the devices do");
  world.site->take(work);
  world.settle();
  v1::Offer again;
  REQUIRE(again.ParseFromString(world.retained(world.offer_topic())));
  REQUIRE(again.voids_size() == 1);
  CHECK(again.voids(0).body() == round->voids(0).body());
  CHECK(again.model_chunk_bytes() == offer.model_chunk_bytes());
  int published = 0;
  world.before_speaking = [&] { ++published; };
  world.site->take(work);
  world.settle();
  CHECK(published == 0);
}

TEST_CASE("a device refused by a helper is left out of a second sum") {
  Fleet fleet(4);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 4));
  for (const auto& device : fleet.devices) world.upload(device);
  const auto first = world.sum();
  REQUIRE(first.survivors_size() == 4);
  v1::Work work;
  *work.add_helper_keys() = fleet.helper_key();
  auto* drop = work.add_drops();
  drop->set_ctx_hash(first.ctx_hash());
  *drop->add_refusals() = fleet.refusal(first, fleet.devices[1].id);
  SUBCASE("with a signature that does not verify nothing happens") {
    drop->mutable_refusals(0)->add_device_ids(fleet.devices[0].id.raw());
    world.site->take(work);
    world.settle();
    CHECK(world.outbox().size() == 1);
  }
  SUBCASE("signed by the helper") {
    world.site->take(work);
    REQUIRE(world.until([&] { return world.outbox().size() == 2; }));
    for (const auto& [key, content] : world.outbox()) {
      v1::GatewaySum sum;
      sum.ParseFromString(content);
      if (sum.survivors_hash() == first.survivors_hash()) continue;
      CHECK(sum.survivors_size() == 3);
      CHECK(fleet.unmask(sum) == fleet.true_sum(sum));
    }
  }
}

TEST_CASE(
    "a device refused in a wider scope's question: only one that held these survivors counts") {
  Fleet fleet(4);
  SiteWorld world(fleet);
  world.join_all();
  auto context = fleet.context(2, 4);
  context.set_minimum_reader_version(4);
  context.set_scope(v1::SCOPE_GROUP);
  context.set_scope_id(std::string(16, 's'));
  world.open(context);
  for (const auto& device : fleet.devices) world.upload(device);
  const auto first = world.sum();
  REQUIRE(first.survivors_size() == 4);
  const std::string other(2 * Hash::size, 'o');
  auto own = first.ctx_hash() + first.survivors_hash();
  bool counts = false;
  SUBCASE("it did") {
    counts = true;
  }
  SUBCASE("it was about other survivors of this gateway") {
    own = first.ctx_hash() + std::string(Hash::size, 'x');
  }
  SUBCASE("it was about other gateways") {
    own = std::string(2 * Hash::size, 'p');
  }
  crypto::PartHasher hasher("joint");
  for (const auto& leaf : {other, own}) {
    hasher.part(view_of(leaf).first(Hash::size));
    hasher.part(view_of(leaf).last(Hash::size));
  }
  v1::GatewaySum question;
  question.set_ctx_hash(hasher.finish().raw());
  question.set_survivors_hash(question.ctx_hash());
  v1::Work work;
  *work.add_helper_keys() = fleet.helper_key();
  auto* drop = work.add_drops();
  drop->set_ctx_hash(first.ctx_hash());
  drop->add_joint(other);
  drop->add_joint(own);
  *drop->add_refusals() = fleet.refusal(question, fleet.devices[1].id);
  world.site->take(work);
  if (counts) {
    REQUIRE(world.until([&] { return world.outbox().size() == 2; }));
  } else {
    world.settle();
    CHECK(world.outbox().size() == 1);
  }
}

TEST_CASE("what a device may not do is refused with its reason") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 3));
  const auto& device = fleet.devices[0];
  const auto& site_keys = world.retained(std::string(wire::site_keys_topic));
  v1::Offer offer;
  offer.ParseFromString(world.retained(world.offer_topic()));
  auto frames = fleet.frames(device, offer.context(), site_keys);
  const auto ask = [&](std::uint32_t total) {
    v1::UploadRequest request;
    request.set_ctx_hash(wire::ctx_hash(offer.context()).raw());
    request.set_nonce(device.nonce.raw());
    request.set_total(total);
    world.say(device, wire::UpKind::request, request.SerializeAsString());
  };
  SUBCASE("garbage") {
    world.say(device, wire::UpKind::request, "\xff\xff\xff");
    world.say(device, wire::UpKind::chunk, "short");
    CHECK(world.rejects(device).size() == 2);
    CHECK(world.rejected(device, v1::REJECT_MALFORMED));
  }
  SUBCASE("a chunk that was tampered with") {
    ask(static_cast<std::uint32_t>(frames.size()));
    frames[0].back() = static_cast<char>(frames[0].back() ^ 1);
    world.say(device, wire::UpKind::chunk, frames[0]);
    CHECK(world.rejected(device, v1::REJECT_BAD_CHUNK));
  }
  SUBCASE("a chunk of another length") {
    ask(static_cast<std::uint32_t>(frames.size()));
    world.say(device, wire::UpKind::chunk, frames[0] + "x");
    CHECK(world.rejected(device, v1::REJECT_BAD_CHUNK));
  }
  SUBCASE("a chunk without credit") {
    world.say(device, wire::UpKind::chunk, frames[0]);
    CHECK(world.rejected(device, v1::REJECT_OVER_CREDIT));
  }
  SUBCASE("a chunk sent in the name of another device") {
    ask(static_cast<std::uint32_t>(frames.size()));
    const auto& other = fleet.devices[1];
    world.say(other, wire::UpKind::chunk, frames[0]);
    CHECK(world.rejected(other, v1::REJECT_OVER_CREDIT));
  }
  SUBCASE("another number of chunks") {
    ask(99);
    CHECK(world.rejected(device, v1::REJECT_BAD_CHUNK));
  }
  SUBCASE("another round") {
    v1::UploadRequest request;
    request.set_ctx_hash(std::string(32, 'x'));
    request.set_nonce(device.nonce.raw());
    world.say(device, wire::UpKind::request, request.SerializeAsString());
    CHECK(world.rejected(device, v1::REJECT_UNKNOWN_ROUND));
  }
  CHECK(world.receipts.empty());
}

TEST_CASE("only devices of the allow-list with their own certificate join") {
  Fleet fleet(2);
  Fleet other(3);
  SiteWorld world(fleet);
  world.hello(other.devices[2]);
  CHECK(world.rejected(other.devices[2], v1::REJECT_UNKNOWN_DEVICE));
  world.hello(other.devices[0]);  // the id is enrolled, the certificate is another authority's
  CHECK(world.rejected(other.devices[0], v1::REJECT_BAD_CERTIFICATE));
  world.say(fleet.devices[0], wire::UpKind::header, "");
  CHECK(world.rejected(fleet.devices[0], v1::REJECT_UNKNOWN_DEVICE));
  world.site->message("tributary/v1/device/XYZ/up/hello", "", false);
  world.site->message("tributary/v1/nothing", "", false);
}

TEST_CASE("R15: a device whose certificate is withdrawn stops counting") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(1, 3));
  world.upload(fleet.devices[0]);
  world.upload(fleet.devices[1]);
  std::filesystem::remove(fleet.folder.path() / "devices" / (fleet.devices[0].id.hex() + ".cert"));
  REQUIRE(world.until([&] {
    world.hello(fleet.devices[0]);
    return world.rejected(fleet.devices[0], v1::REJECT_REVOKED);
  }));
  world.upload(fleet.devices[2]);
  const auto sum = world.sum();
  CHECK(survivors(sum) == std::set{fleet.devices[1].id, fleet.devices[2].id});
  CHECK(fleet.unmask(sum) == fleet.true_sum(sum));
}

TEST_CASE("rounds of another tenant, gateway or signer are not opened") {
  Fleet fleet(2);
  SiteWorld world(fleet);
  world.join_all();
  auto context = fleet.context(1, 2);
  SUBCASE("tenant") {
    context.set_tenant("other");
  }
  SUBCASE("gateway") {
    context.set_gateway_id(std::string(16, 'g'));
  }
  SUBCASE("mode") {
    context.set_mode(v1::TRUST_MODE_PAIRWISE);
  }
  SUBCASE("roster") {
    context.set_roster_hash(std::string(32, 'r'));
  }
  world.open(context);
  CHECK(world.site->open_rounds() == 0);
  CHECK(world.retained(world.offer_topic()).empty());
  CHECK_FALSE(world.log.empty());
}

TEST_CASE("without room nothing is opened") {
  Fleet fleet(2);
  SiteWorld world(fleet, 2000);
  world.join_all();
  world.open(fleet.context(1, 2));
  CHECK(world.site->open_rounds() == 0);
}

TEST_CASE("R11: a wall clock that jumps closes nothing, the deadline on the monotonic clock does") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(1, 3));
  world.upload(fleet.devices[0]);
  world.wall += std::chrono::hours(24 * 3650);
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  world.settle();
  CHECK(world.outbox().empty());
  world.wall -= std::chrono::hours(24 * 7300);
  world.skipped = std::chrono::minutes(11);
  CHECK(world.sum().survivors_size() == 1);
}

TEST_CASE("R13: what a device left retained is cleared and not listened to") {
  Fleet fleet(2);
  SiteWorld world(fleet);
  const auto topic = wire::up_topic(fleet.devices[0].id, wire::UpKind::hello);
  std::string cleared;
  world.before_speaking = [&] { cleared += "."; };
  world.site->message(topic, "anything", true);
  CHECK(cleared == ".");
  CHECK_FALSE(world.rejected(fleet.devices[0], v1::REJECT_MALFORMED));
  world.site->message(topic, "\xff", false);
  CHECK(world.rejected(fleet.devices[0], v1::REJECT_MALFORMED));
}

TEST_CASE("R13: a device that sends what is refused is not listened to, the others are") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 2));
  const auto& bad = fleet.devices[0];
  for (int i = 0; i < 100; ++i) world.say(bad, wire::UpKind::chunk, "nonsense");
  const auto said = world.rejects(bad).size();
  CHECK(said >= 20);
  CHECK(said < 40);
  CHECK(std::ranges::count_if(world.log, [](const auto& line) {
          return line.find("device_quarantined") != std::string::npos;
        }) == 1);
  world.site->tick();
  const auto page = world.metrics.text();
  CHECK(page.find("quarantined_devices 1") != std::string::npos);
  CHECK(page.find("quarantines_total{reason=\"malformed\"} 1") != std::string::npos);
  CHECK(page.find(bad.id.hex()) == std::string::npos);
  for (std::size_t i = 1; i < 3; ++i) world.upload(fleet.devices[i]);
  CHECK(world.receipts.size() == 2);
  // A minute later it is heard as if nothing had been.
  world.skipped += std::chrono::minutes(1);
  world.say(bad, wire::UpKind::chunk, "nonsense");
  CHECK(world.rejects(bad).size() == said + 1);
}

TEST_CASE("retained topics that are not of now are cleared") {
  Fleet fleet(2);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(1, 2));
  const auto count = [&](const std::string& topic) { return world.retained(topic).size(); };
  const std::string stale = wire::model_topic(Hash{}, 3);
  world.site->message(stale, "old", true);
  CHECK(count(stale) == 0);
  world.site->message(world.offer_topic(), "ours", true);
  CHECK(count(world.offer_topic()) > 0);
}

TEST_CASE("R1: after a crash before anything is said every receipt is in one exact sum") {
  int said = 0;
  for (bool crashed = true; crashed; ++said) {
    CAPTURE(said);
    Fleet fleet(3);
    const auto told = fleet.folder.path() / "receipts";
    const auto play = [&](int crash_at) {
      SiteWorld world(fleet);
      int count = 0;
      world.before_speaking = [&] {
        if (count++ == crash_at) ::_exit(9);
      };
      world.receipt_heard = [&](const DeviceId& device) {
        std::ofstream(told, std::ios::app) << device.hex() << "\n";
      };
      world.join_all();
      world.open(fleet.context(2, 3));
      // A life that begins after the round has closed offers nothing any more.
      const bool open = !world.retained(world.offer_topic()).empty();
      for (const auto& device : fleet.devices) {
        if (open) world.upload(device);
      }
      return world.sum();
    };
    const pid_t child = ::fork();
    if (child == 0) {
      play(said);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    crashed = WEXITSTATUS(status) == 9;
    const auto sum = play(-1);
    const auto counted = survivors(sum);
    CHECK(counted.size() == 3);
    CHECK(fleet.unmask(sum) == fleet.true_sum(sum));
    std::ifstream receipts(told);
    for (std::string hex; receipts >> hex;) CHECK(counted.contains(*DeviceId::from_hex(hex)));
  }
  CHECK(said > 20);
}
