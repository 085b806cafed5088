#include "cloud/round/subset_spec.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "cloud/round/members.hpp"

namespace tributary::cloud::round {
namespace {

namespace json = boost::json;

constexpr std::uint32_t most_words = 1U << 24U;
constexpr std::uint32_t most_blocks = 65536;  // PROTOCOL.md 5.1
constexpr std::string_view trainable_words =
    "must be \"all\", \"first:K\" or \"last:K\" layers of a perceptron, or [first, count] of the "
    "parameters";

std::optional<std::uint32_t> whole(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Layers {
  bool last;  // counted from the end
  std::uint32_t count;
};

std::optional<Layers> layers_of(std::string_view trainable) {
  const auto colon = trainable.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto side = trainable.substr(0, colon);
  const auto count = whole(trainable.substr(colon + 1));
  if ((side != "first" && side != "last") || !count || *count == 0) return std::nullopt;
  return Layers{side == "last", *count};
}

std::optional<crypto::Span> range_of(const json::value& value) {
  const auto* list = value.if_array();
  if (list == nullptr || list->size() != 2) return std::nullopt;
  json::error_code error;
  const auto first = list->at(0).to_number<std::uint32_t>(error);
  if (error) return std::nullopt;
  const auto count = list->at(1).to_number<std::uint32_t>(error);
  if (error || count == 0 || first >= most_words || count > most_words - first) return std::nullopt;
  return crypto::Span{first, count};
}

void read_trainable(Members& members, SubsetSpec& spec) {
  const auto* value = members.find("trainable");
  if (value == nullptr) return;
  if (const auto* text = value->if_string()) {
    spec.trainable = *text;
    if (spec.trainable == "all" || layers_of(spec.trainable)) return;
  } else if ((spec.range = range_of(*value))) {
    return;
  }
  members.fault("trainable", std::string{trainable_words});
}

// Parameters of each layer of "mlp:A-B-..-C": weights, then biases; empty for anything else.
std::vector<std::uint32_t> layers_of_model(std::string_view model) {
  constexpr std::string_view prefix = "mlp:";
  std::vector<std::uint32_t> layers;
  std::optional<std::uint32_t> inputs;
  const auto at = model.find(prefix);
  if (at == std::string_view::npos) return layers;
  for (model.remove_prefix(at + prefix.size()); !model.empty();) {
    const auto dash = std::min(model.find('-'), model.size());
    const auto width = whole(model.substr(0, dash));
    if (!width || *width > most_words) return {};
    if (inputs) {
      const auto size = (std::uint64_t{*inputs} + 1) * *width;
      if (size > most_words) return {};
      layers.push_back(static_cast<std::uint32_t>(size));
    }
    inputs = width;
    model.remove_prefix(std::min(dash + 1, model.size()));
  }
  return layers;
}

std::variant<crypto::Span, std::string> trained_span(const SubsetSpec& spec, std::string_view model,
                                                     std::uint32_t parameters) {
  if (spec.range) {
    if (spec.range->first + spec.range->count <= parameters) return *spec.range;
    return "subset.trainable names parameters up to " +
           std::to_string(spec.range->first + spec.range->count) + ", the model has " +
           std::to_string(parameters);
  }
  const auto layers = layers_of(spec.trainable);
  if (!layers) return crypto::Span{0, parameters};
  const auto sizes = layers_of_model(model);
  std::uint64_t all = 0;
  for (const auto size : sizes) all += size;
  if (sizes.empty() || all > parameters) {
    return "subset.trainable by layers needs a model \"mlp:..\"; name [first, count] of the " +
           std::to_string(parameters) + " parameters of " + std::string{model};
  }
  if (layers->count > sizes.size()) {
    return "subset.trainable names " + std::to_string(layers->count) + " layers, " +
           std::string{model} + " has " + std::to_string(sizes.size());
  }
  std::uint32_t words = 0;
  for (std::uint32_t l = 0; l < layers->count; ++l) {
    words += layers->last ? sizes[sizes.size() - 1 - l] : sizes[l];
  }
  const auto before = static_cast<std::uint32_t>(parameters - all);  // standardisation
  return layers->last ? crypto::Span{parameters - words, words} : crypto::Span{before, words};
}

}  // namespace

SubsetSpec read_subset(const json::object& object, std::vector<SpecFault>& faults) {
  SubsetSpec spec;
  Members members(object, "subset.", faults);
  read_trainable(members, spec);
  members.real("share", 1e-6, 1, spec.share);
  members.whole("block_words", 1, most_words, spec.block_words);
  spec.error_feedback = spec.share < 1;
  members.flag("error_feedback", spec.error_feedback);
  if (spec.error_feedback && spec.share >= 1) {
    members.fault("error_feedback", "needs a share below 1: everything trained travels");
  }
  members.refuse_unknown();
  return spec;
}

json::object subset_json(const SubsetSpec& spec) {
  json::object object{{"trainable", spec.trainable},
                      {"share", spec.share},
                      {"block_words", spec.block_words},
                      {"error_feedback", spec.error_feedback}};
  if (spec.range) object["trainable"] = json::array{spec.range->first, spec.range->count};
  return object;
}

std::variant<crypto::Subset, std::string> subset_for(const SubsetSpec& spec, std::string_view model,
                                                     std::uint32_t parameters, const Hash& seed) {
  const auto trained = trained_span(spec, model, parameters);
  if (const auto* fault = std::get_if<std::string>(&trained)) return *fault;
  crypto::Subset subset{parameters, std::get<crypto::Span>(trained)};
  const auto count = subset.trained.count;
  // As many as a device draws from without tiring.
  const auto least = (count - 1) / most_blocks + 1;
  subset.block_words = std::min(std::max(spec.block_words, least), count);
  const auto all = subset.all_blocks();
  const auto blocks = std::max(1L, std::lround(spec.share * all));
  if (spec.share >= 1) return crypto::Subset{parameters, subset.trained};
  if (blocks == all) {
    return "subset.share of " + std::to_string(all) + " blocks of " +
           std::to_string(subset.block_words) +
           " words is all of them; take a smaller subset.block_words, or leave the share out";
  }
  subset.blocks = static_cast<std::uint32_t>(blocks);
  subset.seed = seed;
  subset.error_feedback = spec.error_feedback;
  return subset;
}

}  // namespace tributary::cloud::round
