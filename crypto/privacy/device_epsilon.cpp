#include "crypto/privacy/device_epsilon.hpp"

#include <cmath>

#include "crypto/privacy/rdp_accountant.hpp"
#include "crypto/quantise.hpp"

namespace tributary::privacy {

double local_epsilon(const DeviceNoise& noise, double delta) {
  return central_epsilon(noise, 1, delta);
}

double central_epsilon(const DeviceNoise& noise, std::uint32_t devices, double delta) {
  const double all = noise.multiplier * std::sqrt(static_cast<double>(devices));
  return rdp_epsilon(1, all / crypto::EncodingPlan::joint_sensitivity(), noise.participations,
                     delta);
}

}  // namespace tributary::privacy
