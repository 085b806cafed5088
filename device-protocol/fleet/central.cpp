#include "device-protocol/fleet/central.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value_to.hpp>
#include <cmath>

#include "device-protocol/fleet/local_trainer.hpp"
#include "device-protocol/trainer/mlp.h"

namespace tributary::fleet {
namespace {

namespace json = boost::json;

// A number of a task spec, or its documented default.
double number_or(const json::object& object, const char* name, double otherwise) {
  const auto* value = object.if_contains(name);
  if (value == nullptr) return otherwise;
  boost::system::error_code error;
  const auto number = value->to_number<double>(error);
  return error ? otherwise : number;
}

void clip(std::vector<float>& gradient, float norm) {
  double square = 0;
  for (const float x : gradient) square += double{x} * double{x};
  if (norm <= 0 || square <= double{norm} * double{norm}) return;
  const auto factor = static_cast<float>(double{norm} / std::sqrt(square));
  for (float& x : gradient) x *= factor;
}

}  // namespace

bool has_local_head(const std::string& model) {
  trib_mlp_shape shape;
  return trib_mlp_parse(&shape, model.c_str()) == TRIB_OK && shape.local_head;
}

Outcome<Score> score_model(const std::string& model, std::span<const float> weights,
                           const Examples& examples) {
  trib_mlp mlp{};
  if (trib_mlp_parse(&mlp.shape, model.c_str()) != TRIB_OK) {
    return Fault{"model " + model + " is no classifier; it cannot be scored"};
  }
  if (trib_mlp_parameters(&mlp.shape) != weights.size() ||
      mlp.shape.sizes[0] != examples.features) {
    return Fault{"model " + model + " with " + std::to_string(weights.size()) +
                 " parameters does not fit itself or the test set of " +
                 std::to_string(examples.features) + " features"};
  }
  std::vector<float> scratch(trib_mlp_scratch(&mlp.shape));
  mlp.examples = {examples.values.data(), examples.labels.data(),
                  static_cast<std::uint32_t>(examples.rows())};
  mlp.scratch = scratch.data();
  trib_mlp_score score{};
  if (trib_mlp_evaluate(&mlp, weights.data(), &score) != TRIB_OK) {
    return Fault{"the test set has labels that model " + model + " has no class for"};
  }
  return Score{static_cast<double>(score.correct) / static_cast<double>(examples.rows()),
               score.loss};
}

Outcome<CentralPlan> plan_of_task(const std::string& spec_json, std::uint64_t devices,
                                  std::uint64_t seed) {
  boost::system::error_code error;
  const auto value = json::parse(spec_json, error);
  const auto* spec = error ? nullptr : value.if_object();
  if (spec == nullptr) return Fault{"the task spec is not a JSON object"};
  static const json::object none;
  const auto* inner = spec->if_contains("training");
  const auto& training = inner != nullptr && inner->is_object() ? inner->get_object() : none;
  const double cohort = number_or(*spec, "cohort_size", 0);
  const double contributions = cohort > 0 ? cohort : static_cast<double>(devices);
  CentralPlan plan;
  plan.steps = static_cast<std::uint64_t>(number_or(*spec, "rounds", 20) * contributions *
                                          number_or(training, "local_steps", 20));
  plan.batch_size = static_cast<std::uint32_t>(number_or(training, "batch_size", 32));
  plan.learning_rate = static_cast<float>(number_or(training, "learning_rate", 0.1));
  plan.clipping_norm = static_cast<float>(number_or(training, "clipping_norm", 0));
  plan.seed = seed;
  return plan;
}

Outcome<std::vector<float>> train_centrally(const Dataset& data, const std::string& model,
                                            std::vector<float> weights, const CentralPlan& plan) {
  const auto& train = data.train;
  const auto made = make_trainer(model, {train.values.data(), train.labels.data(), train.features,
                                         data.classes, static_cast<std::uint32_t>(train.rows())});
  if (!made) return made.error();
  const auto& trainer = (*made)->trainer();
  if (trainer.parameters != weights.size()) {
    return Fault{"the initial model has " + std::to_string(weights.size()) + " parameters, " +
                 model + " has " + std::to_string(trainer.parameters)};
  }
  weights.resize(std::size_t{trainer.parameters} + trainer.personal);  // as on a device, from 0
  std::vector<float> gradient(weights.size());
  for (std::uint64_t step = 0; step < plan.steps; ++step) {
    trib_batch_report report{};
    if (trainer.gradient(trainer.user, weights.data(), gradient.data(), plan.batch_size, plan.seed,
                         static_cast<std::uint32_t>(step), &report) != TRIB_OK ||
        !std::isfinite(report.loss)) {
      return Fault{"central training failed at step " + std::to_string(step + 1) +
                   "; the learning rate may be too high"};
    }
    clip(gradient, plan.clipping_norm);
    for (std::size_t j = 0; j < weights.size(); ++j) weights[j] -= plan.learning_rate * gradient[j];
  }
  return weights;
}

}  // namespace tributary::fleet
