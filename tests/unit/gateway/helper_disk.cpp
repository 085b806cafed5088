// The helper role on a disk that fails: no answer that a loss of power could take back, and an end for the program.
#include <doctest/doctest.h>

#include <cerrno>

#include "gateway/helper/errand.hpp"
#include "tests/disk/disk.hpp"
#include "tests/unit/gateway/helper_world.hpp"

using namespace tributary;
using namespace tributary::gateway::helper;
using namespace tributary::gateway::helper::test;
using disk::Disk;

namespace {

Errand asked(World& world, const v1::SumRequest& request) {
  auto with_key = request;
  *with_key.mutable_gateway() = world.gateway_key(world.gateway);
  return sum_errand(*world.role, with_key, world.roster.SerializeAsString(), now);
}

// The role's files from now on are the disk's.
void begin_on(World& world, std::optional<Disk>& disk) {
  world.role.reset();
  disk.emplace(world.folder.path());
  world.start();
}

enum class End { kill, power_loss };

// The role's life ends; the next one is on what the medium has, or the kernel.
void end_life(World& world, Disk& disk, End end, std::uint64_t seed) {
  disk.cut();
  world.role.reset();
  disk.heal();
  if (end == End::kill) {
    disk.restart_after_kill();
  } else {
    disk.restart_after_power_loss(seed);
  }
  world.start();
}

}  // namespace

TEST_CASE(
    "R6, R5: whichever call fails under an answer, none leaves that the next life could "
    "contradict") {
  for (const auto end : {End::kill, End::power_loss}) {
    for (std::uint64_t nth = 1;; ++nth) {
      CAPTURE(nth);
      World world;
      std::optional<Disk> disk;
      begin_on(world, disk);
      const auto context = world.context();
      const auto request = world.request(context, world.everybody());
      disk->fail({nth, EIO, true});
      const auto errand = asked(world, request);
      const bool met = disk->failed();
      const bool answered = errand.kind == Errand::Kind::mask_sum;
      // Either it is answered or the program ends; it never goes on as if nothing had been.
      CHECK(answered != errand.broken.has_value());
      if (errand.broken) CHECK(errand.broken->kind() == storage::FailureKind::io);
      if (!answered) CHECK(errand.body.empty());
      end_life(world, *disk, end, nth);
      // A marker that a loss of power took has a new epoch begun: the old one's tickets fail then. Otherwise the
      // promise is there: the same survivors get the same bytes, others nothing.
      const auto others = asked(world, world.request(context, {0, 1, 2}));
      if (answered) CHECK(others.kind == Errand::Kind::mask_refusal);
      if (answered && end == End::kill) CHECK(asked(world, request).body == errand.body);
      if (!met) {
        CHECK(answered);
        break;
      }
      REQUIRE(nth < 200);
    }
  }
}

TEST_CASE("R6: a VOID and a new epoch end the program too when the disk fails under them") {
  World world;
  std::optional<Disk> disk;
  begin_on(world, disk);
  v1::RoundScope scope;
  scope.set_tenant(tenant);
  scope.set_task_id(world.task.raw());
  scope.set_gateway_id(world.gateway.raw());
  scope.set_round(5);
  disk->fail({1, EIO, true});
  const auto promised = void_errand(*world.role, scope, now);
  CHECK(promised.broken.has_value());
  CHECK(promised.kind == Errand::Kind::nothing);
  end_life(world, *disk, End::power_loss, 1);
  disk->fail({1, EIO, true});
  CHECK(rotate_errand(*world.role, now).broken.has_value());
  end_life(world, *disk, End::power_loss, 2);
  CHECK(void_errand(*world.role, scope, now).kind == Errand::Kind::void_statement);
}

TEST_CASE("R7: a full disk under the helper role is waited for, not a reason to end") {
  World world;
  std::optional<Disk> disk;
  begin_on(world, disk);
  const auto request = world.request(world.context(), world.everybody());
  disk->fail({1, ENOSPC, true});
  const auto refused = asked(world, request);
  CHECK_FALSE(refused.broken.has_value());
  CHECK(refused.wait.has_value());
  CHECK(refused.body.empty());
  disk->heal();
  CHECK(asked(world, request).kind == Errand::Kind::mask_sum);
}
