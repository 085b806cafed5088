// The outbox over days without the cloud, in virtual time.
#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "gateway/uplink/outbox_sender.hpp"
#include "tests/unit/gateway/virtual_time.hpp"

using namespace tributary;
using namespace tributary::gateway;
using namespace tributary::gateway::test;
using std::chrono::milliseconds;

namespace {

struct Arrival {
  std::string path;
  milliseconds at;
};

}  // namespace

TEST_CASE(
    "R8, R9: seven days without the cloud lose nothing; then the outbox drains in order and "
    "paced") {
  constexpr int messages = 200;
  constexpr std::chrono::hours cut_off{24 * 7};
  Fleet fleet(3);
  SiteWorld world(fleet);
  world.join_all();
  world.open(fleet.context(2, 3));
  for (const auto& device : fleet.devices) world.upload(device);
  REQUIRE(world.sum().survivors_size() == 3);
  drive_writer(world);

  milliseconds clock{0};
  std::vector<milliseconds> attempts;
  std::vector<Arrival> arrivals;
  const engine::Clock clocks{
      [&] { return world.wall + std::chrono::floor<std::chrono::seconds>(clock); },
      [&] { return std::chrono::duration_cast<round::Instant>(clock); }};
  uplink::Http http =
      [&](uplink::HttpRequest request) -> boost::asio::awaitable<uplink::HttpAnswer> {
    uplink::HttpAnswer answer;
    if (clock < cut_off) {
      attempts.push_back(clock);
      answer.fault = "no route to host";
    } else {
      answer.status = 200;
      arrivals.push_back({request.target, clock});
    }
    co_return answer;
  };
  uplink::Link link(http, world.metrics, [](engine::Severity, std::string_view, auto) {});
  const auto alarm = [&] { return std::make_unique<Jump>(world.io, clock); };
  uplink::OutboxSender sender(alarm(), alarm(), *world.site, clocks, link);
  std::vector<std::string> expected;
  for (int i = 0; i < messages; ++i) {
    const std::string name = "message/" + std::to_string(i);
    world.site->enqueue({name, "/v1/" + name, std::string(1000, 'x')});
    expected.push_back("/v1/" + name);
  }
  boost::asio::co_spawn(world.io, sender.run(), boost::asio::detached);
  while (arrivals.size() < messages + 1 && world.io.run_one() > 0) {
  }
  REQUIRE(arrivals.size() == messages + 1);
  // The sum first: it was put first. Each message once, in order.
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(arrivals[i + 1].path == expected[i]);
  // Nobody hammers what does not answer: 15 s between attempts on average, 30 s at most.
  const auto hours = static_cast<std::size_t>(cut_off.count());
  CHECK(attempts.size() < hours * 3600 / 10);
  CHECK(attempts.size() > hours * 3600 / 31);
  CHECK(arrivals[0].at - cut_off < std::chrono::seconds(31));
  // At most 40 in any second, and not in step.
  std::set<milliseconds> gaps;
  for (std::size_t i = 1; i < arrivals.size(); ++i) {
    gaps.insert(arrivals[i].at - arrivals[i - 1].at);
    if (i + 41 < arrivals.size()) {
      CHECK(arrivals[i + 41].at - arrivals[i].at > milliseconds(1000));
    }
  }
  CHECK(gaps.size() > 10);
  CHECK(arrivals.back().at - arrivals.front().at < std::chrono::minutes(1));
}

TEST_CASE(
    "R9: a message that was put off is tried at its time, not at the next look; the line is blamed "
    "before it") {
  Fleet fleet(3);
  SiteWorld world(fleet);
  drive_writer(world);
  milliseconds clock{0};
  std::vector<milliseconds> attempts;
  const engine::Clock clocks{
      [&] { return world.wall + std::chrono::floor<std::chrono::seconds>(clock); },
      [&] { return std::chrono::duration_cast<round::Instant>(clock); }};
  // The line breaks five times, and works for everything else in between.
  uplink::Http http =
      [&](uplink::HttpRequest request) -> boost::asio::awaitable<uplink::HttpAnswer> {
    uplink::HttpAnswer answer;
    answer.status = 200;
    if (request.method == "PUT") {
      attempts.push_back(clock);
      if (attempts.size() <= 5) answer.status = 0;
    }
    co_return answer;
  };
  uplink::Link link(http, world.metrics, [](engine::Severity, std::string_view, auto) {});
  const auto alarm = [&] { return std::make_unique<Jump>(world.io, clock); };
  uplink::OutboxSender sender(alarm(), alarm(), *world.site, clocks, link);
  world.site->enqueue({"sum/1", "/v1/1", "x"});
  boost::asio::co_spawn(
      world.io,
      [&]() -> boost::asio::awaitable<void> {
        uplink::HttpRequest poll{"GET", "/v1/gateway/work", {}};
        static_cast<void>(co_await link.send(std::move(poll)));  // reached: a failure is put off
      },
      boost::asio::detached);
  boost::asio::co_spawn(world.io, sender.run(), boost::asio::detached);
  while (attempts.size() < 6 && world.io.run_one() > 0) {
  }
  REQUIRE(attempts.size() == 6);
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    CHECK(attempts[i] - attempts[i - 1] > milliseconds(90));
    // 4 s and what the clock of seconds and a second wait add; 5 s more each before.
    CHECK(attempts[i] - attempts[i - 1] < milliseconds(22'000));
  }
}
