// Which devices a context selects, as the gateway counts them.
#include "gateway/engine/admission.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace tributary;

namespace {

std::set<int> chosen(double noise, double device_noise) {
  wire::Context context{};
  context.round = 6;
  context.participation_threshold = UINT32_MAX;
  context.encoding.noise = noise;
  context.encoding.device_noise = device_noise;
  context.privacy = {noise, {4, 5}, 1};
  std::set<int> devices;
  for (int i = 0; i < 200; ++i) {
    DeviceId device{};
    device.bytes[0] = static_cast<std::uint8_t>(i);
    if (gateway::engine::selected(context, device)) devices.insert(i);
  }
  return devices;
}

}  // namespace

TEST_CASE("a round is for one cohort where there is noise of either kind, else for all") {
  CHECK(chosen(0, 0).size() == 200);
  const auto cohort = chosen(1, 0);
  CHECK(cohort.size() > 25);
  CHECK(cohort.size() < 75);
  CHECK(chosen(0, 0.5) == cohort);
}
