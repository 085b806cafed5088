// Which parameters a task trains and how many of them travel each round, as an operator says it
// (cloud/api/README.md), and what a round makes of that.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "crypto/subset.hpp"

namespace tributary::cloud::round {

struct SpecFault;

struct SubsetSpec {
  // "all", "first:K" or "last:K" layers of a perceptron; a range where there is one instead.
  std::string trainable = "all";
  std::optional<crypto::Span> range;
  double share = 1;                // of the trained parameters that travel in a round, above 0
  std::uint32_t block_words = 64;  // they travel in blocks of so many
  bool error_feedback = false;     // what did not travel is added to a device's next update
};

// Faults are added to `faults` under "subset.". The whole is checked against a model by subset_for.
SubsetSpec read_subset(const boost::json::object& object, std::vector<SpecFault>& faults);
boost::json::object subset_json(const SubsetSpec& spec);

// A round's subset of a model of `parameters`; `model` is its architecture. The text says which member of the
// spec does not fit the model, and what would.
std::variant<crypto::Subset, std::string> subset_for(const SubsetSpec& spec, std::string_view model,
                                                     std::uint32_t parameters, const Hash& seed);

}  // namespace tributary::cloud::round
