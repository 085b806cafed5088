#include <doctest/doctest.h>

#include <cmath>

#include "device-protocol/fleet/central.hpp"
#include "device-protocol/fleet/chance.hpp"
#include "device-protocol/fleet/initial_model.hpp"
#include "device-protocol/fleet/local_trainer.hpp"

using namespace tributary::fleet;

namespace {

// Two classes apart in the first of two features; the second is noise of another scale.
Dataset two_classes(std::size_t rows, std::uint64_t seed) {
  Chance chance(seed);
  Dataset data;
  data.name = "two classes";
  data.classes = 2;
  data.train.features = data.test.features = 2;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::uint32_t label = row % 2;
    const float values[]{static_cast<float>(chance.normal() + (label ? 2 : -2)),
                         static_cast<float>(chance.normal())};
    (row % 5 == 4 ? data.test : data.train).append(values, label);
  }
  data.file_rows = {data.train.rows()};
  return data;
}

LocalExamples all_of(const Dataset& data) {
  return {data.train.values.data(), data.train.labels.data(), data.train.features, data.classes,
          static_cast<std::uint32_t>(data.train.rows())};
}

// What the two rounds of a statistics task agree on when one device has all examples.
std::vector<float> agreed_statistics(const LocalExamples& examples) {
  const auto made = make_trainer("statistics:" + std::to_string(examples.features), examples);
  REQUIRE(made.has_value());
  const auto& trainer = (*made)->trainer();
  std::vector<float> model(trainer.parameters, 0.0F);
  std::vector<float> gradient(trainer.parameters);
  for (std::uint32_t round = 0; round < 2; ++round) {
    trib_batch_report report{};
    REQUIRE(trainer.gradient(trainer.user, model.data(), gradient.data(), 1, round, 0, &report) ==
            TRIB_OK);
    for (std::size_t j = 0; j < model.size(); ++j) model[j] -= gradient[j];
  }
  return model;
}

}  // namespace

TEST_CASE("the statistics task's model gives mean and deviation back, whatever the magnitude") {
  Chance chance(3);
  std::vector<float> values;
  const std::vector<std::uint32_t> labels(5000);
  for (int row = 0; row < 5000; ++row) {
    values.push_back(static_cast<float>(1000 + 250 * chance.normal()));
    values.push_back(static_cast<float>(0.02 + 0.004 * chance.normal()));
    values.push_back(static_cast<float>(-3 + 5 * chance.normal()));
    values.push_back(0);
    values.push_back(42);
  }
  const auto standardisation =
      standardisation_of(agreed_statistics({values.data(), labels.data(), 5, 2, 5000}));
  REQUIRE(standardisation.has_value());
  const auto& [mean, inverse] = *standardisation;
  CHECK(mean[0] == doctest::Approx(1000).epsilon(0.02));
  CHECK(1 / inverse[0] == doctest::Approx(250).epsilon(0.05));
  CHECK(mean[1] == doctest::Approx(0.02).epsilon(0.02));
  CHECK(1 / inverse[1] == doctest::Approx(0.004).epsilon(0.05));
  CHECK(mean[2] == doctest::Approx(-3).epsilon(0.1));
  CHECK(1 / inverse[2] == doctest::Approx(5).epsilon(0.05));
  CHECK(mean[3] == 0);
  CHECK(inverse[3] < 2);
  CHECK(mean[4] == doctest::Approx(42));
  CHECK(std::isfinite(inverse[4]));
  CHECK(inverse[4] < 100);
}

TEST_CASE("statistics that cannot be used are refused") {
  CHECK(!standardisation_of(std::vector<float>{}));
  CHECK(!standardisation_of(std::vector<float>{1, 2}));
  CHECK(!standardisation_of(std::vector<float>{1, NAN, 2}));
  CHECK(standardisation_of(std::vector<float>{1, 0, 0}).error().text.find("second round") !=
        std::string::npos);
}

TEST_CASE("a standardised model begins with the standardisation and fits its network") {
  const Standardisation standardisation{{1, 2}, {3, 4}};
  const auto model = standardised_model("standardise+mlp:2-3-2", standardisation, 1);
  REQUIRE(model.has_value());
  CHECK(model->size() == 4 + 2 * 3 + 3 + 3 * 2 + 2);
  CHECK(std::vector<float>(model->begin(), model->begin() + 4) == std::vector<float>{1, 2, 3, 4});
  const auto plain = *initial_model("standardise+mlp:2-3-2", 1);
  CHECK(std::equal(plain.begin() + 4, plain.end(), model->begin() + 4));
  CHECK(!standardised_model("mlp:2-3-2", standardisation, 1));
  CHECK(!standardised_model("standardise+mlp:3-3-2", standardisation, 1));
}

TEST_CASE("initial models: sizes, seeds, and strings that are none") {
  CHECK(*initial_model("statistics:7", 1) == std::vector<float>(21, 0.0F));
  CHECK(initial_model("synthetic:1000", 1)->size() == 1000);
  CHECK(*initial_model("mlp:4-3-2", 1) == *initial_model("mlp:4-3-2", 1));
  CHECK(*initial_model("mlp:4-3-2", 1) != *initial_model("mlp:4-3-2", 2));
  for (const auto* bad :
       {"", "mlp", "mlp:", "mlp:4", "mlp:4-0-2", "mlp:4-x", "statistics:", "statistics:0",
        "synthetic:0", "synthetic:999999999", "synthetic:5x", "cnn:4-2"}) {
    CAPTURE(bad);
    REQUIRE(!initial_model(bad, 1));
  }
}

TEST_CASE("central training learns what can be learnt, and says when it cannot work") {
  const auto data = two_classes(1000, 1);
  const CentralPlan plan{400, 16, 0.1F, 0, 1};
  const auto initial = *initial_model("mlp:2-4-2", 1);
  const auto trained = train_centrally(data, "mlp:2-4-2", initial, plan);
  REQUIRE(trained.has_value());
  const auto score = score_model("mlp:2-4-2", *trained, data.test);
  REQUIRE(score.has_value());
  CHECK(score->accuracy > 0.93);
  CHECK(score->loss < 0.3);
  CHECK(*train_centrally(data, "mlp:2-4-2", initial, plan) == *trained);
  const CentralPlan wild{400, 16, 1e30F, 0, 1};
  CHECK(train_centrally(data, "mlp:2-4-2", initial, wild).error().text.find("learning rate") !=
        std::string::npos);
  CHECK(!train_centrally(data, "mlp:3-4-2", initial, plan));
  CHECK(!train_centrally(data, "mlp:2-5-2", initial, plan));
  CHECK(!score_model("statistics:2", *trained, data.test));
  CHECK(!score_model("mlp:2-5-2", *trained, data.test));
}

TEST_CASE("a task's spec says how much its devices train together") {
  const auto plan = plan_of_task(
      R"({"rounds":6,"cohort_size":17,"training":{"local_steps":20,"batch_size":8,"learning_rate":0.5,"clipping_norm":2}})",
      40, 9);
  REQUIRE(plan.has_value());
  CHECK(plan->steps == 6 * 17 * 20);
  CHECK(plan->batch_size == 8);
  CHECK(plan->learning_rate == 0.5F);
  CHECK(plan->clipping_norm == 2.0F);
  CHECK(plan->seed == 9);
  CHECK(plan_of_task(R"({"rounds":1,"cohort_size":0})", 40, 1)->steps == 40 * 20);
  CHECK(!plan_of_task("[]", 40, 1));
  CHECK(!plan_of_task("{", 40, 1));
}

TEST_CASE("trainers refuse models that do not fit a device's data") {
  const auto data = two_classes(20, 1);
  CHECK(make_trainer("mlp:2-3-2", all_of(data)).has_value());
  for (const auto* bad : {"mlp:3-3-2", "mlp:2-3-3", "statistics:3", "mlp:2", "synthetic:5"}) {
    CAPTURE(bad);
    REQUIRE(!make_trainer(bad, all_of(data)));
  }
  const auto idle = make_idle_trainer();
  CHECK(idle->trainer().examples == 0);
}

TEST_CASE("the synthetic gradient is a function of seed and step") {
  const auto trainer = make_synthetic_trainer("any", 64);
  std::vector<float> a(64);
  std::vector<float> b(64);
  trib_batch_report report{};
  const auto run = [&](std::vector<float>& out, std::uint64_t seed, std::uint32_t step) {
    const auto& t = trainer->trainer();
    REQUIRE(t.gradient(t.user, nullptr, out.data(), 4, seed, step, &report) == TRIB_OK);
  };
  run(a, 1, 0);
  run(b, 1, 0);
  CHECK(a == b);
  run(b, 1, 1);
  CHECK(a != b);
  run(b, 2, 0);
  CHECK(a != b);
  CHECK(report.examples == 4);
}
