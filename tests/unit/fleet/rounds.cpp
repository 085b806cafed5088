#include <doctest/doctest.h>

#include "device-protocol/fleet/identity.hpp"
#include "device-protocol/fleet/round_board.hpp"
#include "device-protocol/fleet/work_slots.hpp"
#include "tests/unit/fleet/folder.hpp"

using namespace tributary;
using namespace tributary::fleet;

TEST_CASE("a vanished device hears of the next round of its own gateway and task") {
  RoundBoard board;
  int heard = 0;
  board.seen({"gt", 4});
  board.when_over({"gt", 4}, [&] { ++heard; });
  board.seen({"gt", 4});
  board.seen({"gt", 3});
  board.seen({"other", 9});
  CHECK(heard == 0);
  board.seen({"gt", 5});
  CHECK(heard == 1);
  board.seen({"gt", 6});
  CHECK(heard == 1);
  board.when_over({"gt", 5}, [&] { ++heard; });
  CHECK(heard == 2);
  board.when_over({"gt", 6}, [&] { ++heard; });
  board.when_over({"gt", 7}, [&] { ++heard; });
  board.seen({"gt", 7});
  CHECK(heard == 3);
  board.seen({"gt", 8});
  CHECK(heard == 4);
}

TEST_CASE("slots are granted in order and never more than there are") {
  WorkSlots slots(2);
  std::string order;
  for (const char name : {'a', 'b', 'c', 'd'}) slots.take([&order, name] { order += name; });
  CHECK(order == "ab");
  slots.give_back();
  CHECK(order == "abc");
  slots.give_back();
  slots.give_back();
  CHECK(order == "abcd");
  slots.give_back();
  slots.take([&] { order += 'e'; });
  slots.take([&] { order += 'f'; });
  slots.take([&] { order += 'g'; });
  CHECK(order == "abcdef");
}

TEST_CASE("broker rules name gateways by id, by name, or not at all") {
  const Folder folder;
  std::filesystem::create_directories(folder.path() / "devices");
  std::filesystem::create_directories(folder.path() / "gateways/site-1");
  const GatewayId first{{1}};
  const GatewayId second{{2}};
  folder.write("gateways/site-1/gateway.id", first.hex() + "\n");
  const auto devices = folder.path() / "devices";
  const auto map = BrokerMap::parse({"site-1=localhost:1", second.hex() + "=::1:2"}, devices);
  REQUIRE(map.has_value());
  CHECK(map->find(first)->port == "1");
  CHECK(map->find(second)->host == "::1");
  CHECK(map->find(GatewayId{{3}}) == nullptr);
  CHECK(BrokerMap::parse({"localhost:9"}, devices)->find(GatewayId{{3}})->port == "9");
  for (const auto* bad :
       {"site-1", "site-1=", "site-1=host", "site-1=:5", "site-1=host:", "site-2=host:1"}) {
    CAPTURE(bad);
    const auto refused = BrokerMap::parse({bad}, devices);
    REQUIRE(!refused);
    CHECK(refused.error().text.starts_with("--broker "));
  }
}

TEST_CASE("an identity that is missing or damaged is named") {
  const Folder folder;
  CHECK(load_identities(folder.path()).error().text.find("tributary authority device") !=
        std::string::npos);
  CHECK(load_identities(folder.path() / "none").error().text.find("cannot be listed") !=
        std::string::npos);
  std::filesystem::create_directories(folder.path() / "aa");
  CHECK(load_identities(folder.path()).error().text.find("aa/identity: cannot be read") !=
        std::string::npos);
  folder.write("aa/identity", "not protobuf");
  CHECK(load_identities(folder.path()).error().text.find("not a device identity") !=
        std::string::npos);
}
