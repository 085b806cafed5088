// Trainers that learn from a device's examples.
#include "device-protocol/fleet/local_trainer.hpp"
#include "device-protocol/trainer/mlp.h"
#include "device-protocol/trainer/statistics.h"

namespace tributary::fleet {
namespace {

trib_examples view_of(const LocalExamples& examples) {
  return {examples.values, examples.labels, examples.rows};
}

class MlpTrainer : public LocalTrainer {
 public:
  MlpTrainer(const std::string& model, const trib_mlp_shape& shape, const LocalExamples& examples)
      : LocalTrainer(model),
        scratch_(trib_mlp_scratch(&shape)),
        mlp_{shape, view_of(examples), scratch_.data()} {
    trainer_.user = &mlp_;
    trainer_.personal = trib_mlp_personal(&shape);
    trainer_.parameters = trib_mlp_parameters(&shape) - trainer_.personal;
    trainer_.examples = examples.rows;
    trainer_.gradient = trib_mlp_gradient;
  }

 private:
  std::vector<float> scratch_;
  trib_mlp mlp_;
};

class StatisticsTrainer : public LocalTrainer {
 public:
  StatisticsTrainer(const std::string& model, const LocalExamples& examples)
      : LocalTrainer(model), statistics_{examples.features, view_of(examples)} {
    trainer_.user = &statistics_;
    trainer_.parameters = 3 * examples.features;
    trainer_.examples = examples.rows;
    trainer_.gradient = trib_statistics_gradient;
  }

 private:
  trib_statistics statistics_;
};

Fault misfit(const std::string& model, const LocalExamples& examples) {
  return Fault{"model " + model + " does not fit the data: " + std::to_string(examples.features) +
               " features, " + std::to_string(examples.classes) + " classes"};
}

}  // namespace

Outcome<std::unique_ptr<LocalTrainer>> make_trainer(const std::string& model,
                                                    const LocalExamples& examples) {
  std::unique_ptr<LocalTrainer> trainer;
  trib_mlp_shape shape;
  if (const auto features = trib_statistics_features(model.c_str()); features != 0) {
    if (features != examples.features) return misfit(model, examples);
    trainer = std::make_unique<StatisticsTrainer>(model, examples);
  } else if (trib_mlp_parse(&shape, model.c_str()) == TRIB_OK) {
    if (shape.sizes[0] != examples.features || shape.sizes[shape.count - 1] != examples.classes) {
      return misfit(model, examples);
    }
    trainer = std::make_unique<MlpTrainer>(model, shape, examples);
  } else {
    return Fault{"unknown model '" + model + "'"};
  }
  return {boost::system::in_place_value, std::move(trainer)};
}

}  // namespace tributary::fleet
