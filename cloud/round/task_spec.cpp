#include "cloud/round/task_spec.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cmath>

#include "cloud/round/members.hpp"
#include "cloud/round/pairwise_members.hpp"
#include "cloud/round/scope_spec.hpp"

namespace tributary::cloud::round {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_model = 95;  // RoundContext.model
constexpr std::size_t most_helpers = 3;
constexpr std::size_t most_gateways = 1000;
constexpr std::uint32_t chunk_step = 48;
constexpr std::uint32_t largest_chunk = 262128;
constexpr double largest_clip = 1e6;

void read_gateways(Members& members, const GatewayNames& names, TaskSpec& spec) {
  const auto* value = members.require("gateways");
  if (value == nullptr) return;
  const auto* list = value->if_array();
  if (list == nullptr || list->empty() || list->size() > most_gateways) {
    members.fault("gateways", "must be a list of 1 to " + std::to_string(most_gateways) +
                                  " gateway ids or names");
    return;
  }
  for (const auto& item : *list) {
    const auto id = gateway_of(item, names);
    if (!id) {
      members.fault("gateways", json::serialize(item) +
                                    " is neither 32 hex digits nor the name of a gateway that "
                                    "has connected; see `tributary gateway list`");
    } else if (std::ranges::find(spec.gateways, *id) != spec.gateways.end()) {
      members.fault("gateways", "names " + id->hex() + " twice");
    } else {
      spec.gateways.push_back(*id);
    }
  }
}

// The coordinator's own helper has a name too.
std::optional<HelperId> helper_of(const json::string& text,
                                  const std::optional<HelperId>& own_helper) {
  return text == "coordinator" ? own_helper : HelperId::from_hex(std::string_view{text});
}

std::optional<std::vector<HelperId>> helper_list(const json::value& value,
                                                 const std::optional<HelperId>& own_helper) {
  const auto* list = value.if_array();
  if (list == nullptr || list->empty() || list->size() > most_helpers) return std::nullopt;
  std::vector<HelperId> helpers;
  for (const auto& item : *list) {
    const auto* text = item.if_string();
    const auto id = text ? helper_of(*text, own_helper) : std::nullopt;
    if (!id || std::ranges::find(helpers, *id) != helpers.end()) return std::nullopt;
    helpers.push_back(*id);
  }
  return helpers;
}

void read_named_helpers(Members& members, const json::object& object, const GatewayNames& names,
                        const std::optional<HelperId>& own_helper, TaskSpec& spec) {
  for (const auto& member : object) {
    const auto gateway = gateway_of(json::value(member.key()), names);
    auto helpers = helper_list(member.value(), own_helper);
    if (!gateway || std::ranges::find(spec.gateways, *gateway) == spec.gateways.end()) {
      members.fault("helpers", std::string{member.key()} + " is not one of `gateways`");
    } else if (!helpers) {
      members.fault("helpers",
                    "of " + std::string{member.key()} +
                        " must be a list of 1 to 3 distinct helper ids of 32 hex digits, or " +
                        (own_helper ? "\"coordinator\""
                                    : "\"coordinator\" where it has a helper role, which this one "
                                      "has not"));
    } else {
      spec.helpers[*gateway] = std::move(*helpers);
    }
  }
  for (const auto& gateway : spec.gateways) {
    if (!spec.helpers.contains(gateway)) {
      members.fault("helpers", "names none for gateway " + gateway.hex() +
                                   "; name one for each gateway, or leave `helpers` out");
    }
  }
}

void read_helpers(Members& members, const GatewayNames& names,
                  const std::optional<HelperId>& own_helper, TaskSpec& spec) {
  const auto* value = members.find("helpers");
  const auto* object = value ? value->if_object() : nullptr;
  const bool named = object != nullptr && !object->empty();
  if (value != nullptr && object == nullptr) {
    members.fault("helpers", "must be an object from gateway to a list of helper ids");
  } else if (spec.mode != TrustMode::split_trust) {
    if (named) members.fault("helpers", "are for mode \"split-trust\": this one has none");
  } else if (named) {
    read_named_helpers(members, *object, names, own_helper, spec);
  } else if (spec.gateways.size() == 1 && own_helper) {
    spec.helpers[spec.gateways.front()] = {*own_helper};
  } else if (spec.gateways.size() == 1) {
    members.fault("helpers",
                  "must name a helper: the only gateway of a task cannot help itself, and this "
                  "coordinator has no helper role");
  }
}

void read_mode(Members& members, TaskSpec& spec) {
  const auto* mode = members.find("mode");
  if (mode != nullptr && *mode == "trusted-gateway") {
    spec.mode = TrustMode::trusted_gateway;
  } else if (mode != nullptr && *mode == "pairwise") {
    spec.mode = TrustMode::pairwise;
  } else if (mode != nullptr && *mode != "split-trust") {
    members.fault("mode", "must be \"split-trust\", \"trusted-gateway\" or \"pairwise\"");
  }
}

void read_selection(Members& members, TaskSpec& spec) {
  const auto* selection = members.find("selection");
  if (selection == nullptr || *selection == "hash") return;
  if (*selection != "invited") return members.fault("selection", R"(must be "hash" or "invited")");
  if (spec.mode == TrustMode::pairwise) {
    return members.fault("selection", "invited does not go with mode pairwise: take \"hash\"");
  }
  spec.invited = true;
}

void read_model(Members& members, TaskSpec& spec) {
  members.text("name", longest_name, spec.name);
  members.text("model", longest_model, spec.model);
  const auto* value = members.require("initial_model");
  if (value == nullptr) return;
  const auto* text = value->if_string();
  const auto hash = text ? Hash::from_hex(std::string_view{*text}) : std::nullopt;
  if (!hash) members.fault("initial_model", "must be the hash of an imported model: 64 hex digits");
  spec.initial_model = hash.value_or(Hash{});
}

void read_rounds(Members& members, TaskSpec& spec) {
  members.whole("rounds", 1, 1'000'000, spec.rounds);
  members.whole("cohort_size", 0, 5'000'000, spec.cohort_size);
  members.real("over_selection", 1, 10, spec.over_selection);
  members.real("quorum", 0, 1, spec.quorum);
  members.whole("gateway_quorum", 0, most_gateways, spec.gateway_quorum);
  members.whole("n_min", 2, 5000, spec.n_min);
  members.whole("deadline_seconds", 5, 7 * 24 * 3600, spec.deadline_seconds);
  members.whole("patience_seconds", 0, 7 * 24 * 3600, spec.patience_seconds);
  members.whole("chunk_bytes", chunk_step, largest_chunk, spec.chunk_bytes);
  members.real("server_learning_rate", 1e-6, 100, spec.server_learning_rate);
  if (spec.chunk_bytes % chunk_step != 0) {
    members.fault("chunk_bytes", "must be a multiple of 48, so that chunks hold whole words");
  }
  if (spec.patience_seconds > spec.deadline_seconds) {
    members.fault("patience_seconds", "must not be longer than deadline_seconds");
  }
  if (!spec.gateways.empty() && spec.gateway_quorum > spec.gateways.size()) {
    members.fault("gateway_quorum", "is larger than the number of gateways named");
  }
  if (spec.cohort_size != 0 && spec.cohort_size < spec.n_min) {
    members.fault("cohort_size", "must be 0 or at least n_min");
  }
}

const json::object* section(Members& members, std::string_view name) {
  const auto* value = members.find(name);
  if (value == nullptr) return nullptr;
  const auto* object = value->if_object();
  if (object == nullptr) members.fault(name, "must be an object");
  return object;
}

void read_training(const json::object& object, std::vector<SpecFault>& faults, TrainingSpec& spec) {
  Members members(object, "training.", faults);
  members.whole("local_steps", 1, 1'000'000, spec.local_steps);
  members.whole("batch_size", 1, 1'000'000, spec.batch_size);
  members.real("learning_rate", 1e-9, 1e3, spec.learning_rate);
  members.real("clipping_norm", 0, largest_clip, spec.clipping_norm);
  members.real("dp_noise", 0, 1e3, spec.dp_noise);
  if (spec.dp_noise > 0 && spec.clipping_norm <= 0) {
    members.fault("dp_noise", "needs clipping_norm above 0: the noise is measured in it");
  }
  members.refuse_unknown();
}

void read_encoding(const json::object& object, std::vector<SpecFault>& faults, EncodingSpec& spec) {
  Members members(object, "encoding.", faults);
  auto bits = static_cast<std::uint32_t>(spec.ring_bits);
  members.whole("ring_bits", 16, 32, bits);
  if (const auto ring = crypto::ring_bits(bits)) {
    spec.ring_bits = *ring;
  } else {
    members.fault("ring_bits", "must be 16, 24 or 32");
  }
  spec.rotated = spec.ring_bits != crypto::RingBits::b32;
  members.flag("rotated", spec.rotated);
  members.real("clip_l2", 1e-6, largest_clip, spec.clip_l2);
  members.real("clip_inf", 1e-6, largest_clip, spec.clip_inf);
  members.whole("weight_examples_cap", 1, 1'000'000'000, spec.weight_examples_cap);
  members.real("loss_cap", 1e-3, largest_clip, spec.loss_cap);
  members.refuse_unknown();
}

// `members`' prefix names the section; `updates`: over how many the rule is at least.
void read_rule(Members& members, robust::Rule& rule, std::size_t updates, std::string_view remedy) {
  std::string name;
  members.text("rule", longest_name, name);
  members.whole("attackers", 0, most_gateways, rule.attackers);
  members.real("factor", 1e-6, 1e6, rule.factor);
  members.real("radius", 1e-9, largest_clip, rule.clipping.radius);
  members.whole("iterations", 1, 100, rule.clipping.iterations);
  members.refuse_unknown();
  const auto kind = robust::kind_of(name);
  if (!kind) {
    members.fault("rule",
                  "must be mean, norm-filter, median, trimmed-mean, krum, multi-krum or "
                  "centred-clipping");
    return;
  }
  rule.kind = *kind;
  if (const auto fault = robust::fault_of(rule, updates); updates > 0 && !fault.empty()) {
    members.fault("rule", fault + ": " + std::string{remedy});
  }
}

void read_aggregation(const json::object& object, std::vector<SpecFault>& faults, TaskSpec& spec) {
  Members members(object, "aggregation.", faults);
  read_rule(members, spec.aggregation, spec.gateways.size(),
            "name more `gateways`, or fewer attackers");
  if (spec.scope != ScopeKind::gateway && spec.aggregation.kind != robust::Kind::mean) {
    members.fault(
        "rule",
        "needs scope \"gateway\": in the wider ones the coordinator sees totals only, and "
        "has no single gateway's mean to judge");
  }
}

void read_device_aggregation(const json::object& object, std::vector<SpecFault>& faults,
                             TaskSpec& spec) {
  Members members(object, "device_aggregation.", faults);
  read_rule(members, spec.device_aggregation, spec.n_min, "raise n_min, or name fewer attackers");
  const auto kind = spec.device_aggregation.kind;
  if (kind == robust::Kind::mean) return;
  if (spec.mode != TrustMode::trusted_gateway) {
    members.fault("rule",
                  "needs mode \"trusted-gateway\": in the others nobody sees a single update. "
                  "`aggregation` is over gateways");
  }
  const bool coordinatewise =
      kind == robust::Kind::coordinate_median || kind == robust::Kind::trimmed_mean;
  if (coordinatewise && spec.encoding.rotated) {
    members.fault("rule",
                  "looks at coordinates, which a rotated encoding mixes: take "
                  "encoding.ring_bits 32, or norm-filter, krum or multi-krum");
  }
}

// In single precision, as the contexts carry it, and not below: but for the last digits, in which a number
// read back from JSON may differ, and which the multipliers of budgets are above.
double carried(double value) {
  constexpr double digits = 1e-12;
  auto single = static_cast<float>(value);
  if (static_cast<double>(single) < value * (1 - digits)) single = std::nextafter(single, 1e30F);
  return static_cast<double>(single);
}

// Whether the section asks for noise in the sums, and not for that of devices alone.
bool wants_sum_noise(const json::object& object, double device_noise) {
  return device_noise <= 0 || object.contains("epsilon") || object.contains("noise_multiplier");
}

void read_privacy(const json::object& object, std::vector<SpecFault>& faults, TaskSpec& spec) {
  Members members(object, "privacy.", faults);
  PrivacySpec privacy{{8, 1e-6}, {0, {1, spec.rounds}, 1}};
  members.real("epsilon", 1e-3, 1e3, privacy.budget.epsilon);
  members.real("delta", 1e-30, 0.1, privacy.budget.delta);
  auto& terms = privacy.terms;
  members.whole("band", 1, 10'000, terms.band);
  terms.participation.separation = terms.band;
  members.whole("separation", 1, 1'000'000, terms.participation.separation);
  terms.participation.cap =
      (spec.rounds + terms.participation.separation - 1) / terms.participation.separation;
  members.whole("participations", 1, 1'000'000, terms.participation.cap);
  members.real("noise_multiplier", 1e-3, 1e6, terms.noise_multiplier);
  double device_noise = 0;
  members.real("device_noise", 0, 1e3, device_noise);
  members.refuse_unknown();
  if (terms.participation.separation < terms.band) {
    members.fault("separation", "must be at least `band`, or the noise does not cover the bands");
    return;
  }
  if (spec.device_aggregation.kind != robust::Kind::mean) {
    members.fault("epsilon",
                  "needs device_aggregation.rule mean: how far one device moves a robust "
                  "rule is not bounded by its clip");
  }
  if (!faults.empty()) return;
  if (device_noise > 0) {
    spec.device_noise = {carried(device_noise), terms.participation, privacy.budget.delta};
  }
  if (!wants_sum_noise(object, device_noise)) return;
  if (terms.noise_multiplier <= 0) {
    terms.noise_multiplier = privacy::multiplier_for(privacy.budget, terms, spec.rounds);
  }
  terms.noise_multiplier = carried(terms.noise_multiplier);
  spec.privacy = privacy;
}

json::object device_noise_json(const DeviceNoiseSpec& spec) {
  return {{"device_noise", spec.multiplier},
          {"delta", spec.delta},
          {"participations", spec.participation.cap},
          {"separation", spec.participation.separation}};
}

json::object privacy_json(const PrivacySpec& spec) {
  return {{"epsilon", spec.budget.epsilon},
          {"delta", spec.budget.delta},
          {"participations", spec.terms.participation.cap},
          {"separation", spec.terms.participation.separation},
          {"band", spec.terms.band},
          {"noise_multiplier", spec.terms.noise_multiplier}};
}

json::object aggregation_json(const robust::Rule& rule) {
  return {{"rule", robust::name_of(rule.kind)},
          {"attackers", rule.attackers},
          {"factor", rule.factor},
          {"radius", rule.clipping.radius},
          {"iterations", rule.clipping.iterations}};
}

json::object encoding_json(const EncodingSpec& spec) {
  return {{"ring_bits", static_cast<std::uint32_t>(spec.ring_bits)},
          {"rotated", spec.rotated},
          {"clip_l2", spec.clip_l2},
          {"clip_inf", spec.clip_inf},
          {"weight_examples_cap", spec.weight_examples_cap},
          {"loss_cap", spec.loss_cap}};
}

json::object training_json(const TrainingSpec& spec) {
  return {{"local_steps", spec.local_steps},
          {"batch_size", spec.batch_size},
          {"learning_rate", spec.learning_rate},
          {"clipping_norm", spec.clipping_norm},
          {"dp_noise", spec.dp_noise}};
}

json::object helpers_json(const TaskSpec& spec) {
  json::object helpers;
  for (const auto& [gateway, ids] : spec.helpers) {
    json::array list;
    for (const auto& id : ids) list.emplace_back(id.hex());
    helpers[gateway.hex()] = std::move(list);
  }
  return helpers;
}

}  // namespace

std::string_view name_of(TrustMode mode) {
  switch (mode) {
    case TrustMode::trusted_gateway:
      return "trusted-gateway";
    case TrustMode::pairwise:
      return "pairwise";
    case TrustMode::split_trust:
      break;
  }
  return "split-trust";
}

ParsedSpec parse_task_spec(std::string_view text, const GatewayNames& names,
                           const std::optional<HelperId>& own_helper) {
  ParsedSpec parsed;
  json::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_object()) {
    parsed.faults.push_back({"", error ? "the body is not JSON: " + error.message()
                                       : std::string{"the body must be a JSON object"}});
    return parsed;
  }
  TaskSpec spec;
  Members members(value.get_object(), "", parsed.faults);
  read_model(members, spec);
  read_gateways(members, names, spec);
  read_mode(members, spec);
  read_selection(members, spec);
  read_helpers(members, names, own_helper, spec);
  read_scope(members, names, own_helper, spec);
  read_rounds(members, spec);
  if (const auto* training = section(members, "training"))
    read_training(*training, parsed.faults, spec.training);
  if (const auto* encoding = section(members, "encoding"))
    read_encoding(*encoding, parsed.faults, spec.encoding);
  if (const auto* aggregation = section(members, "aggregation"))
    read_aggregation(*aggregation, parsed.faults, spec);
  if (const auto* aggregation = section(members, "device_aggregation"))
    read_device_aggregation(*aggregation, parsed.faults, spec);
  if (const auto* privacy = section(members, "privacy"))
    read_privacy(*privacy, parsed.faults, spec);
  if (const auto* subset = section(members, "subset"))
    spec.subset = read_subset(*subset, parsed.faults);
  read_pairwise(section(members, "pairwise"), parsed.faults, spec);
  members.refuse_unknown();
  if (parsed.faults.empty()) parsed.spec = std::move(spec);
  return parsed;
}

std::string to_json(const TaskSpec& spec) {
  json::array gateways;
  for (const auto& id : spec.gateways) gateways.emplace_back(id.hex());
  json::object object{{"name", spec.name},
                      {"model", spec.model},
                      {"initial_model", spec.initial_model.hex()},
                      {"gateways", std::move(gateways)},
                      {"mode", name_of(spec.mode)},
                      {"scope", name_of(spec.scope)},
                      {"helpers", helpers_json(spec)},
                      {"rounds", spec.rounds},
                      {"cohort_size", spec.cohort_size},
                      {"over_selection", spec.over_selection},
                      {"quorum", spec.quorum},
                      {"gateway_quorum", spec.gateway_quorum},
                      {"n_min", spec.n_min},
                      {"deadline_seconds", spec.deadline_seconds},
                      {"patience_seconds", spec.patience_seconds},
                      {"selection", spec.invited ? "invited" : "hash"},
                      {"training", training_json(spec.training)},
                      {"encoding", encoding_json(spec.encoding)},
                      {"aggregation", aggregation_json(spec.aggregation)},
                      {"chunk_bytes", spec.chunk_bytes},
                      {"server_learning_rate", spec.server_learning_rate}};
  if (spec.mode == TrustMode::trusted_gateway) {
    object["device_aggregation"] = aggregation_json(spec.device_aggregation);
  }
  if (spec.pairwise) object["pairwise"] = pairwise_json(*spec.pairwise);
  if (spec.scope == ScopeKind::group) object["groups"] = groups_json(spec);
  if (spec.privacy) {
    object["privacy"] = privacy_json(*spec.privacy);
    if (spec.device_noise) {
      object["privacy"].as_object()["device_noise"] = spec.device_noise->multiplier;
    }
  } else if (spec.device_noise) {
    object["privacy"] = device_noise_json(*spec.device_noise);
  }
  if (spec.subset) object["subset"] = subset_json(*spec.subset);
  return json::serialize(object);
}

}  // namespace tributary::cloud::round
