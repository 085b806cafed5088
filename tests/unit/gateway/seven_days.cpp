// A site that was busy when the cloud went away, for seven days of virtual time, on the real store.
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/uplink/outbox_sender.hpp"
#include "tests/disk/disk.hpp"
#include "tests/unit/gateway/virtual_time.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;
using std::chrono::milliseconds;

namespace {

constexpr std::uint8_t room_for = 24;  // sums in the outbox
constexpr std::uint8_t tasks = 32;
constexpr std::chrono::hours cut_off{24 * 7};

v1::RoundContext context_of(const Fleet& fleet, std::uint8_t number) {
  auto context = fleet.context(2, 3);
  context.set_task_id(std::string(16, static_cast<char>(number)));
  context.set_deadline(context.deadline() + 86'400 * 30);
  return context;
}

std::uint64_t sum_bytes(const Fleet& fleet) {
  return std::get<wire::Context>(wire::parse_context(context_of(fleet, 1).SerializeAsString()))
      .upload_bytes();
}

void contribute(SiteWorld& world, const v1::RoundContext& context) {
  const auto bytes = context.SerializeAsString();
  const auto& keys = world.retained(std::string(wire::site_keys_topic));
  for (const auto& device : world.fleet.devices) {
    world.receipts.erase(device.id);
    world.upload(device, wire::ctx_hash(bytes), world.fleet.frames(device, bytes, keys),
                 world.fleet.header(device, bytes, keys).SerializeAsString());
    CHECK(world.receipts.contains(device.id));
  }
}

}  // namespace

TEST_CASE(
    "R8, R9: seven days without the cloud: bounded, nothing dropped, nothing written; then all of "
    "it in order, paced") {
  Fleet fleet(3);
  const auto state = fleet.folder.path() / "state";
  disk::Disk disk(state);
  SiteWorld world(fleet, 1 << 30, room_for * sum_bytes(fleet) + 1);
  world.join_all();
  // More tasks than the outbox has room for: the policy is that the round is not opened.
  for (std::uint8_t number = 1; number <= tasks; ++number) {
    world.open(context_of(fleet, number));
    CHECK(world.site->open_rounds() == std::min(number, room_for));
  }
  CHECK(std::ranges::count_if(world.log, [](const std::string& line) {
          return line.find("limits.outbox_bytes") != std::string::npos;
        }) == tasks - room_for);
  std::vector<std::string> expected;
  for (std::uint8_t number = 1; number <= room_for; ++number) {
    contribute(world, context_of(fleet, number));
    expected.push_back("/v1/rounds/" +
                       wire::ctx_hash(context_of(fleet, number).SerializeAsString()).hex() +
                       "/sum");
    REQUIRE(world.until([&] { return world.outbox().size() == number; }));
  }
  drive_writer(world);

  milliseconds clock{0};
  std::size_t attempts = 0;
  std::vector<std::pair<std::string, milliseconds>> arrivals;
  std::vector<v1::GatewaySum> sums;
  const auto day_zero = world.wall;
  const engine::Clock clocks{
      [&] { return day_zero + std::chrono::floor<std::chrono::seconds>(clock); },
      [&] { return std::chrono::duration_cast<round::Instant>(clock); }};
  uplink::Http http =
      [&](uplink::HttpRequest request) -> boost::asio::awaitable<uplink::HttpAnswer> {
    uplink::HttpAnswer answer;
    if (clock < cut_off) {
      ++attempts;
      answer.fault = "no route to host";
    } else {
      answer.status = 200;
      arrivals.emplace_back(request.target, clock);
      sums.emplace_back().ParseFromString(request.body);
    }
    co_return answer;
  };
  uplink::Link link(http, world.metrics, [](engine::Severity, std::string_view, auto) {});
  const auto alarm = [&] { return std::make_unique<Jump>(world.io, clock); };
  uplink::OutboxSender sender(alarm(), alarm(), *world.site, clocks, link);
  boost::asio::co_spawn(world.io, sender.run(), boost::asio::detached);

  const auto written = disk.written();
  const auto size = std::filesystem::file_size(state / "gateway.db-wal");
  for (auto hour = std::chrono::hours(1); hour < cut_off; ++hour) {
    while (clock < hour) world.io.run_one();
    // Everybody lives on: the site's clock passes, devices say hello and ask for a round, which is refused.
    world.wall = day_zero + std::chrono::floor<std::chrono::seconds>(clock);
    world.skipped = clock;
    for (const auto& device : fleet.devices) world.hello(device);
    world.site->tick();
    CHECK(world.site->storage_fault().empty());
    CHECK(world.site->open_rounds() == room_for);
  }
  MESSAGE("seven days: " << attempts << " attempts, " << disk.written() - written
                         << " bytes written");
  // Apart from what a device that says hello again may leave, the disk rests.
  CHECK(disk.written() - written < 64 * 1024);
  CHECK(std::filesystem::file_size(state / "gateway.db-wal") <= size + 64 * 1024);
  CHECK(attempts < 7 * 86'400 / 10);
  CHECK(attempts > 7 * 86'400 / 31);

  while (arrivals.size() < room_for && world.io.run_one() > 0) {
  }
  REQUIRE(arrivals.size() == room_for);
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    CHECK(arrivals[i].first == expected[i]);
    CHECK(fleet.unmask(sums[i]) == fleet.true_sum(sums[i]));
    if (i > 0)
      CHECK(arrivals[i].second - arrivals[i - 1].second >= milliseconds(i + 4 < room_for ? 25 : 0));
  }
  CHECK(arrivals[0].second - cut_off < std::chrono::seconds(31));
  // With room again, a task that was turned away gets its round.
  for (int i = 0; i < 50; ++i) world.io.run_one();
  v1::Work outcomes;
  for (std::uint8_t number = 1; number <= room_for; ++number) {
    auto& outcome = *outcomes.add_outcomes();
    outcome.set_ctx_hash(wire::ctx_hash(context_of(fleet, number).SerializeAsString()).raw());
    outcome.set_kind(v1::ROUND_OUTCOME_RELEASED);
  }
  world.site->take(outcomes);
  world.standing.clear_outcomes();
  auto late = context_of(fleet, tasks);
  v1::Work work;
  *work.add_rounds() = fleet.offer(late);
  *work.add_helper_keys() = fleet.helper_key();
  for (auto& round : world.site->take(work)) {
    world.site->open(std::move(round), std::make_shared<const std::string>(fleet.model()));
  }
  for (int i = 0; i < 200 && world.site->open_rounds() == 0; ++i) world.io.run_one();
  CHECK(world.site->open_rounds() == 1);
}
