#include "device-protocol/fleet/attack.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace tributary;
using namespace tributary::fleet;

namespace {

FleetIdentity identity(std::uint8_t device, std::uint8_t gateway) {
  FleetIdentity made{};
  made.device.bytes.fill(device);
  made.gateway.bytes.fill(gateway);
  return made;
}

// Two gateways, of ten devices and of three.
std::vector<FleetIdentity> two_sites() {
  std::vector<FleetIdentity> devices;
  for (std::uint8_t i = 0; i < 10; ++i) devices.push_back(identity(i, 1));
  for (std::uint8_t i = 10; i < 13; ++i) devices.push_back(identity(i, 2));
  return devices;
}

constexpr std::uint32_t parameters = 3;

// Pulls every weight towards 1: the gradient is what is missing, reversed.
class Pull : public LocalTrainer {
 public:
  Pull() : LocalTrainer("pull") {
    trainer_.user = this;
    trainer_.parameters = parameters;
    trainer_.examples = 5;
    trainer_.gradient = [](void*, const float* weights, float* gradient, std::uint32_t,
                           std::uint64_t, std::uint32_t, trib_batch_report* report) {
      for (std::uint32_t j = 0; j < parameters; ++j) gradient[j] = weights[j] - 1;
      *report = {};
      return TRIB_OK;
    };
  }
};

// The delta after five steps of 0.1 from 0.
std::vector<float> learn(LocalTrainer& trainer) {
  std::vector<float> weights(parameters), gradient(parameters);
  trib_batch_report report{};
  for (std::uint32_t step = 0; step < 5; ++step) {
    const auto& t = trainer.trainer();
    REQUIRE(t.gradient(t.user, weights.data(), gradient.data(), 1, 9, step, &report) == TRIB_OK);
    for (std::uint32_t j = 0; j < parameters; ++j) weights[j] -= 0.1F * gradient[j];
  }
  return weights;
}

}  // namespace

TEST_CASE("attackers are whole sites, or a share of every site rounded up") {
  const auto one = plan_attack("sign-flip", {identity(0, 2).gateway.hex()}, two_sites());
  REQUIRE(one.has_value());
  CHECK(one->devices.size() == 3);
  const auto share = plan_attack("garbage", {"0.2"}, two_sites());
  REQUIRE(share.has_value());
  CHECK(share->devices.size() == 3);  // two of ten and one of three
  CHECK(plan_attack("scaled", {"0"}, two_sites())->devices.empty());
  CHECK(plan_attack("scaled", {"1"}, two_sites())->devices.size() == 13);
  CHECK(plan_attack("best", {"1"}, two_sites()).error().text.find("--attack best") == 0);
  CHECK(plan_attack("scaled", {"1.5"}, two_sites()).error().text.find("--attackers 1.5") == 0);
  CHECK(plan_attack("scaled", {std::string(32, 'f')}, two_sites()).has_error());
}

TEST_CASE("a flipped update is the honest one reversed, a scaled one ten times that") {
  Pull honest;
  const auto good = learn(honest);
  CHECK(good[0] > 0.3F);
  const auto flipped = make_attacking_trainer(AttackKind::sign_flip, std::make_unique<Pull>());
  CHECK(learn(*flipped)[0] == doctest::Approx(-good[0]).epsilon(1e-5));
  const auto scaled = make_attacking_trainer(AttackKind::scaled, std::make_unique<Pull>());
  CHECK(learn(*scaled)[0] == doctest::Approx(-10 * good[0]).epsilon(1e-5));
  CHECK(scaled->trainer().examples == 5);
}

TEST_CASE("garbage has nothing to do with the data and is the same after a reboot") {
  const auto garbage = make_attacking_trainer(AttackKind::garbage, std::make_unique<Pull>());
  const auto once = learn(*garbage);
  const auto rebooted = make_attacking_trainer(AttackKind::garbage, std::make_unique<Pull>());
  CHECK(once == learn(*rebooted));
  CHECK(once[0] != once[1]);
}
