// Renyi accounting of the Poisson-subsampled Gaussian (Mironov, Talwar and Zhang 2019, arXiv
// 1908.10530), for outsiders who see the models but not who took part.
#pragma once

#include <cstdint>
#include <span>

namespace tributary::privacy {

// 1.1 .. 10.9 in steps of 0.1, 11 .. 63, 128, 256, 512, 1024.
std::span<const double> usual_orders();

// Renyi divergence of order alpha > 1 of one release with sampling rate q in [0, 1] and noise
// multiplier z > 0; section 3.3, integer orders by the binomial sum, others by the series with
// signed binomials.
double subsampled_gaussian_rdp(double sampling_rate, double noise_multiplier, double alpha);

// Epsilon of `steps` releases at delta, over the usual orders: conversion of Canonne, Kamath and
// Steinke 2020 (arXiv 2004.00010), proposition 12. Throws std::invalid_argument unless
// 0 <= q <= 1, z > 0, 0 < delta < 1.
double rdp_epsilon(double sampling_rate, double noise_multiplier, std::uint64_t steps,
                   double delta);

}  // namespace tributary::privacy
