#include "device-protocol/trainer/mlp.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "device-protocol/trainer/batch.h"

namespace {

// A small network over random-looking examples, with its memory.
struct World {
  explicit World(const std::string& model, std::uint32_t rows) {
    REQUIRE(trib_mlp_parse(&mlp.shape, model.c_str()) == TRIB_OK);
    std::uint64_t state = 11;
    for (std::uint32_t i = 0; i < rows * mlp.shape.sizes[0]; ++i) {
      state = trib_mix(state);
      features.push_back(static_cast<float>(state % 2001) / 1000.0F - 1.0F);
    }
    for (std::uint32_t i = 0; i < rows; ++i)
      labels.push_back(i % mlp.shape.sizes[mlp.shape.count - 1]);
    scratch.resize(trib_mlp_scratch(&mlp.shape));
    mlp.examples = {features.data(), labels.data(), rows};
    mlp.scratch = scratch.data();
    weights.resize(trib_mlp_parameters(&mlp.shape));
    trib_mlp_init(&mlp.shape, weights.data(), 3);
  }
  std::vector<float> gradient(std::uint32_t batch, std::uint64_t seed, std::uint32_t step,
                              float* loss = nullptr) {
    std::vector<float> result(weights.size(), 77.0F);
    trib_batch_report report;
    REQUIRE(trib_mlp_gradient(&mlp, weights.data(), result.data(), batch, seed, step, &report) ==
            TRIB_OK);
    if (loss) *loss = report.loss;
    return result;
  }

  trib_mlp mlp{};
  std::vector<float> features;
  std::vector<std::uint32_t> labels;
  std::vector<float> scratch;
  std::vector<float> weights;
};

}  // namespace

TEST_CASE("model strings") {
  trib_mlp_shape shape;
  CHECK(trib_mlp_parse(&shape, "mlp:784-32-10") == TRIB_OK);
  CHECK(trib_mlp_parameters(&shape) == 784 * 32 + 32 + 32 * 10 + 10);
  CHECK(trib_mlp_parse(&shape, "standardise+mlp:3-2") == TRIB_OK);
  CHECK(trib_mlp_parameters(&shape) == 6 + 8);
  CHECK(trib_mlp_personal(&shape) == 0);
  CHECK(trib_mlp_parse(&shape, "standardise+local-head+mlp:5-4-3") == TRIB_OK);
  CHECK(trib_mlp_parameters(&shape) == 10 + (5 + 1) * 4 + (4 + 1) * 3);
  CHECK(trib_mlp_personal(&shape) == (4 + 1) * 3);
  for (const char* bad :
       {"", "mlp", "mlp:", "mlp:3", "mlp:3-", "mlp:-3", "mlp:3-0", "mlp:3-2 ", "mlp:3-65536",
        "MLP:3-2", "mlp:1-1-1-1-1-1-1-1-1", "standardise+", "mlp:03-2", "local-head+mlp:3-2",
        "local-head+standardise+mlp:4-3-2", "local-head+"}) {
    CHECK_MESSAGE(trib_mlp_parse(&shape, bad) == TRIB_MALFORMED, bad);
  }
}

TEST_CASE("the gradient agrees with finite differences") {
  for (const char* model : {"mlp:5-4-3", "mlp:20-7-6-3", "standardise+mlp:5-4-3", "mlp:4-2"}) {
    World world(model, 12);
    const auto gradient = world.gradient(12, 5, 0);
    const std::size_t frozen = world.mlp.shape.standardise ? 10 : 0;
    for (std::size_t j = 0; j < gradient.size(); ++j) {
      if (j < frozen) {
        CHECK(gradient[j] == 0.0F);
        continue;
      }
      const float keep = world.weights[j];
      float above = 0;
      float below = 0;
      world.weights[j] = keep + 1e-3F;
      world.gradient(12, 5, 0, &above);
      world.weights[j] = keep - 1e-3F;
      world.gradient(12, 5, 0, &below);
      world.weights[j] = keep;
      CHECK(gradient[j] == doctest::Approx((above - below) / 2e-3F).epsilon(0.03).scale(0.5));
    }
  }
}

TEST_CASE("batches: pure, without repetition within an epoch, different between epochs") {
  World world("mlp:5-4-3", 30);
  CHECK(world.gradient(8, 1, 4) == world.gradient(8, 1, 4));
  CHECK(world.gradient(8, 1, 4) != world.gradient(8, 2, 4));
  for (const std::uint32_t count : {1U, 2U, 7U, 30U, 64U}) {
    for (std::uint64_t epoch = 0; epoch < 3; ++epoch) {
      std::set<std::uint32_t> seen;
      for (std::uint64_t i = 0; i < count; ++i)
        seen.insert(trib_example_at(9, epoch * count + i, count));
      CHECK(seen.size() == count);
      CHECK(*seen.rbegin() == count - 1);
    }
  }
}

TEST_CASE("batches of examples sorted by class hold the classes as if drawn at random") {
  constexpr std::uint32_t count = 1000;
  constexpr std::uint32_t draws = 300;
  std::size_t classes = 0;
  std::size_t fewest = 10;
  for (std::uint64_t seed = 0; seed < draws; ++seed) {
    std::set<std::uint32_t> seen;
    for (std::uint64_t i = 0; i < 32; ++i) seen.insert(trib_example_at(seed, i, count) / 100);
    classes += seen.size();
    fewest = std::min(fewest, seen.size());
  }
  CHECK(classes > draws * 94 / 10);  // 10 * (1 - 0.9^32) = 9.66 on average
  CHECK(fewest >= 6);
  std::size_t same = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    same += trib_example_at(1, i, count) == trib_example_at(1, count + i, count);
  }
  CHECK(same < 10);
}

TEST_CASE("training lowers the loss and evaluate agrees") {
  World world("mlp:5-16-3", 24);
  trib_mlp_score before;
  trib_mlp_score after;
  REQUIRE(trib_mlp_evaluate(&world.mlp, world.weights.data(), &before) == TRIB_OK);
  for (std::uint32_t step = 0; step < 400; ++step) {
    const auto gradient = world.gradient(24, 1, step);
    for (std::size_t j = 0; j < gradient.size(); ++j) world.weights[j] -= 0.2F * gradient[j];
  }
  REQUIRE(trib_mlp_evaluate(&world.mlp, world.weights.data(), &after) == TRIB_OK);
  CHECK(after.loss < before.loss / 2);
  CHECK(after.correct > 18);
}

TEST_CASE("bad data fails instead of training on it") {
  World world("mlp:5-4-3", 6);
  std::vector<float> gradient(world.weights.size());
  trib_batch_report report;
  world.labels[2] = 3;
  CHECK(trib_mlp_gradient(&world.mlp, world.weights.data(), gradient.data(), 6, 1, 0, &report) ==
        TRIB_TRAINER);
  world.mlp.examples.count = 0;
  CHECK(trib_mlp_gradient(&world.mlp, world.weights.data(), gradient.data(), 6, 1, 0, &report) ==
        TRIB_TRAINER);
}
