#include "device-protocol/fleet/scoreboard.hpp"

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "device-protocol/fleet/true_vectors.hpp"
#include "tests/unit/fleet/folder.hpp"

using namespace tributary;
using namespace tributary::fleet;

namespace {

const Hash kContext{{7}};
const DeviceId kFirst{{1}};
const DeviceId kSecond{{2}};

// Two recorded contributions and their gateway's answer.
struct Recorded {
  Folder folder;
  SurvivorsView gateway{"site", kContext.hex(), "", {kFirst.hex(), kSecond.hex()}};

  Recorded() {
    const std::vector<std::int32_t> words{5, -7, INT32_MAX};
    REQUIRE(TrueVectorFile(folder.path(), kContext, kFirst).write(0, words));
    REQUIRE(TrueVectorFile(folder.path(), kContext, kSecond).write(0, words));
    gateway.sum_hash = released_sum_hash(std::vector<std::int64_t>{10, -14, 2LL * INT32_MAX}).hex();
  }
  Verification check() const {
    Verification sums;
    compare_sums(folder.path(), 3, {gateway}, sums);
    return sums;
  }
};

ScoreboardResult released(double accuracy) {
  ScoreboardResult result;
  result.task.state = "finished";
  result.rounds.push_back({RoundView{}, Score{accuracy, 1}, 4});
  result.sums.verified = 2;
  return result;
}

}  // namespace

TEST_CASE("a released sum counts as verified only when it is exactly the survivors' sum") {
  Recorded recorded;
  CHECK(recorded.check().verified == 1);
  CHECK(recorded.check().wrong == 0);

  SUBCASE("another sum") {
    recorded.gateway.sum_hash = released_sum_hash(std::vector<std::int64_t>{10, -14, 0}).hex();
  }
  SUBCASE("a survivor too few") {
    recorded.gateway.device_ids.pop_back();
  }
  SUBCASE("a survivor twice") {
    recorded.gateway.device_ids.push_back(kFirst.hex());
  }
  SUBCASE("a survivor nobody recorded") {
    recorded.gateway.device_ids.push_back(DeviceId{{3}}.hex());
  }
  SUBCASE("another round") {
    recorded.gateway.ctx_hash = Hash{{8}}.hex();
  }
  SUBCASE("a vector changed by one") {
    REQUIRE(TrueVectorFile(recorded.folder.path(), kContext, kFirst)
                .write(1, std::vector<std::int32_t>{-6}));
  }
  SUBCASE("no hash") {
    recorded.gateway.sum_hash.clear();
  }
  const auto sums = recorded.check();
  CHECK(sums.verified == 0);
  CHECK(sums.wrong == 1);
  REQUIRE(sums.faults.size() == 1);
  CHECK(sums.faults[0].starts_with("round 3, gateway site: "));
}

TEST_CASE("a gateway without survivors released nothing to check") {
  Recorded recorded;
  recorded.gateway.device_ids.clear();
  CHECK(recorded.check().verified == 0);
  CHECK(recorded.check().wrong == 0);
}

TEST_CASE("a total over several gateways is verified once, as the sum of all their vectors") {
  Recorded recorded;
  const Hash other{{9}};
  const DeviceId third{{3}};
  REQUIRE(TrueVectorFile(recorded.folder.path(), other, third)
              .write(0, std::vector<std::int32_t>{1, 1, 1}));
  const auto hash =
      released_sum_hash(std::vector<std::int64_t>{11, -13, 2LL * INT32_MAX + 1}).hex();
  auto a = recorded.gateway;
  a.scope_id = "aa";
  a.sum_hash = hash;
  SurvivorsView b{"site-2", other.hex(), hash, {third.hex()}, "aa"};
  std::uint64_t wrong = 0;
  SUBCASE("right") {}
  SUBCASE("one gateway names another sum") {
    b.sum_hash = recorded.gateway.sum_hash;
    wrong = 1;
  }
  SUBCASE("one gateway's devices are not in it") {
    a.sum_hash = b.sum_hash = recorded.gateway.sum_hash;
    wrong = 1;
  }
  SUBCASE("a device nobody recorded") {
    b.device_ids.push_back(DeviceId{{4}}.hex());
    wrong = 1;
  }
  Verification sums;
  compare_sums(recorded.folder.path(), 3, {a, b}, sums);
  CHECK(sums.verified == 1 - wrong);
  CHECK(sums.wrong == wrong);
}

TEST_CASE("what makes a run fall short") {
  CHECK(shortcomings(released(0.8), true, 0.84).empty());
  CHECK(shortcomings(released(0.8), false, std::nullopt).empty());
  CHECK(shortcomings(released(0.8), true, 0.8501).size() == 1);
  CHECK(shortcomings(released(0.8), true, 0.8501, 0.1).empty());
  auto unverified = released(0.8);
  unverified.sums.verified = 0;
  CHECK(shortcomings(unverified, true, std::nullopt).size() == 1);
  CHECK(shortcomings(unverified, false, std::nullopt).empty());
  auto wrong = released(0.8);
  wrong.sums.faults = {"round 1 .."};
  CHECK(shortcomings(wrong, true, std::nullopt) == wrong.sums.faults);
  auto failed = released(0.8);
  failed.task.state = "failed";
  failed.task.state_reason = "no gateway";
  CHECK(shortcomings(failed, true, std::nullopt) ==
        std::vector<std::string>{"the task failed: no gateway"});
  auto nothing = released(0.8);
  nothing.rounds.clear();
  CHECK(shortcomings(nothing, true, 0.1) == std::vector<std::string>{"no round was released"});
}

TEST_CASE("the coordinator's answers are read, and a member that is missing is named") {
  const auto rounds = view_rounds(boost::json::parse(
      R"({"items":[{"round":2,"state":"released","reason":null,"seconds":1.5,"survivors":17,"expected":20,"dropped":3,
          "model_after":"ab","masks_removed":17,"mask_seconds":0.01,"upload_bytes":1000,"train_loss":null,"train_accuracy":0.75,"more":true}]})"));
  REQUIRE(rounds.has_value());
  CHECK((*rounds)[0].train_loss == 0);
  CHECK((*rounds)[0].train_accuracy == 0.75);
  CHECK((*rounds)[0].number == 2);
  CHECK((*rounds)[0].seconds == 1.5);
  CHECK((*rounds)[0].survivors == 17);
  CHECK((*rounds)[0].over());
  const auto fault = [](const char* text) {
    return view_rounds(boost::json::parse(text)).error().text;
  };
  CHECK(fault("[]").find("a list is not an object") != std::string::npos);
  CHECK(fault("{}").find("no member 'items'") != std::string::npos);
  CHECK(fault(R"({"items":[{}]})").find("a round has no member 'round'") != std::string::npos);
  CHECK(fault(R"({"items":[{"round":"1"}]})").find("'round' of another type") != std::string::npos);
  CHECK(fault(R"({"items":[{"round":-1}]})").find("'round' of another type") != std::string::npos);
  const auto task = view_task(boost::json::parse(
      R"({"id":"aa","name":"demo","state":"running","state_reason":"","spec":{"model":"mlp:4-2","rounds":3}})"));
  REQUIRE(task.has_value());
  CHECK(task->model == "mlp:4-2");
  CHECK(!task->over());
  CHECK(task->exact_sums);
  const auto exact = [](const char* more) {
    return view_task(boost::json::parse(
                         std::string(R"({"id":"aa","name":"n","state":"running","state_reason":"",
                         "spec":{"model":"mlp:4-2","rounds":3,)") +
                         more + "}}"))
        ->exact_sums;
  };
  CHECK(exact(R"("device_aggregation":{"rule":"mean"})"));
  CHECK_FALSE(exact(R"("device_aggregation":{"rule":"krum"})"));
  CHECK_FALSE(exact(R"("privacy":{"epsilon":8})"));
  CHECK(exact(R"("privacy":{"device_noise":0.5,"delta":1e-6})"));
  CHECK_FALSE(exact(R"("privacy":{"device_noise":0.5,"noise_multiplier":1})"));
}
