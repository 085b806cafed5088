// Exact accounting of the Gaussian mechanism by participations: T releases of sensitivity 1 with
// noise of standard deviation z are one release with mu = sqrt(T)/z (Balle and Wang 2018, theorem 8;
// Dong, Roth and Su 2022). No subsampling is credited: whoever sees the survivor list gets none.
#pragma once

#include <cstdint>

namespace tributary::privacy {

// What is granted, or what has been spent: (epsilon, delta)-differential privacy.
struct Budget {
  double epsilon;
  double delta;
};

// delta(epsilon) = Phi(-epsilon/mu + mu/2) - e^epsilon Phi(-epsilon/mu - mu/2).
// mu >= 0, epsilon >= 0.
double gaussian_delta(double mu, double epsilon);

// Smallest epsilon, to 1e-12 relative from above, at which `participations` releases with noise multiplier z
// (standard deviation over L2 sensitivity) are (epsilon, delta)-private. Throws
// std::invalid_argument unless z > 0 and 0 < delta < 1.
double gaussian_epsilon(double noise_multiplier, std::uint64_t participations, double delta);

// Smallest noise multiplier, 1e-9 relative to the safe side, that keeps `participations` releases within
// the budget. Throws std::invalid_argument unless epsilon > 0, 0 < delta < 1, participations > 0.
double gaussian_noise_multiplier(const Budget& budget, std::uint64_t participations);

// Expected L2 norm of the noise in a sum over the largest norm of the sum of n updates, each of L2
// norm at most the clip: z * sqrt(parameters) / devices for one party's noise.
double noise_to_signal(double noise_multiplier, std::uint64_t parameters, std::uint64_t devices);

}  // namespace tributary::privacy
