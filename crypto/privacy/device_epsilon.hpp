// What a device's own noise (PROTOCOL.md 6.3) promises, apart from any that is added to sums.
#pragma once

#include <cstdint>

namespace tributary::privacy {

struct DeviceNoise {
  double multiplier;             // z': deviation of a device's noise, in units of S in model words
  std::uint32_t participations;  // of one device
};

// Local: against whoever sees the device's words without a mask. The discrete Gaussian has the Renyi divergence
// of the continuous one (Canonne, Kamath and Steinke 2020, theorem 7). All throw as rdp_epsilon does.
double local_epsilon(const DeviceNoise& noise, double delta);
// Central: against whoever sees sums of at least `devices` honest ones. A sum of discrete Gaussians is that close
// to one of its variance (Kairouz, Liu and Steinke 2021, theorem 5) that from deviations of 4 units on the
// difference is below 1e-60.
double central_epsilon(const DeviceNoise& noise, std::uint32_t devices, double delta);

}  // namespace tributary::privacy
