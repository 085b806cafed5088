#include "device-protocol/trainer/statistics.h"

#include <math.h>
#include <string.h>

uint32_t trib_statistics_features(const char* model) {
  static const char prefix[] = "statistics:";
  uint32_t value = 0;
  const char* text = model + sizeof prefix - 1;
  if (strncmp(model, prefix, sizeof prefix - 1) != 0 || *text < '1' || *text > '9') return 0;
  for (; *text >= '0' && *text <= '9'; ++text) {
    value = value * 10 + (uint32_t)(*text - '0');
    if (value > TRIB_MLP_MAX_WIDTH) return 0;
  }
  return *text == 0 ? value : 0;
}

static double clamp(double value, double limit) {
  return value > limit ? limit : value < -limit ? -limit : value;
}

/* Means of x / 2^exponent and of its square over the examples. */
static void moments(const trib_statistics* statistics, uint32_t feature, double exponent,
                    double* mean, double* square) {
  const double scale = exp2(-exponent);
  *mean = 0.0;
  *square = 0.0;
  for (uint32_t i = 0; i < statistics->examples.count; ++i) {
    const double x =
        scale * (double)statistics->examples.features[(size_t)i * statistics->features + feature];
    *mean += x;
    *square += x * x;
  }
  *mean /= statistics->examples.count;
  *square /= statistics->examples.count;
}

static int first_round(const float* exponents, uint32_t features) {
  for (uint32_t j = 0; j < features; ++j) {
    if (exponents[j] != 0.0F) return 0;
  }
  return 1;
}

trib_status trib_statistics_gradient(void* user, const float* weights, float* gradient,
                                     uint32_t batch_size, uint64_t seed, uint32_t step,
                                     trib_batch_report* report) {
  const trib_statistics* statistics = (const trib_statistics*)user;
  const uint32_t features = statistics->features;
  const int first = first_round(weights, features);
  (void)batch_size;
  (void)seed;
  (void)step;
  if (statistics->examples.count == 0) return TRIB_TRAINER;
  memset(gradient, 0, (size_t)3 * features * sizeof *gradient);
  for (uint32_t j = 0; j < features; ++j) {
    double mean;
    double square;
    moments(statistics, j, first ? 0.0 : (double)weights[j], &mean, &square);
    if (first) {
      /* A constant zero has no magnitude: it keeps its unit. A half keeps every exponent off 0, so
       * that the second round is recognised. */
      const double exponent = square > 0.0 ? ceil(0.5 * log2(square)) : 0.0;
      gradient[j] = -(float)(clamp(exponent, 30.0) + 0.5);
    } else {
      gradient[features + j] = weights[features + j] - (float)clamp(mean, 16.0);
      gradient[2 * features + j] = weights[2 * features + j] - (float)clamp(square, 16.0);
    }
  }
  report->loss = 0.0F;
  report->correct = 0;
  report->examples = statistics->examples.count;
  return TRIB_OK;
}
