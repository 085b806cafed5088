#include "cloud/server/views.hpp"

#include <openssl/evp.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "cloud/round/plan.hpp"
#include "crypto/privacy/device_epsilon.hpp"

namespace tributary::cloud::server {
namespace {

namespace json = boost::json;

template <class Id>
json::value hex_or_null(const std::optional<Id>& id) {
  return id ? json::value(id->hex()) : json::value(nullptr);
}

template <class Number>
json::value number_or_null(const std::optional<Number>& number) {
  return number ? json::value(*number) : json::value(nullptr);
}

double seconds_of(std::chrono::milliseconds time) {
  return static_cast<double>(time.count()) / 1000;
}

std::string base64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                    view_of(bytes).data(), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::size_t survivors_of(const store::PartRow& part, const engine::RoundRun* live,
                         std::size_t index) {
  if (live == nullptr) return part.survivors.size();
  const auto* sum = round::sum_of(live->phase(index));
  return sum ? sum->survivors.size() : 0;
}

json::object part_view(const store::PartRow& part, const engine::RoundRun* live, std::size_t index,
                       const engine::Fleet& fleet) {
  const auto shown = live ? live->ended_part(index) : part;
  return {{"gateway", part.gateway.hex()},
          {"name", fleet.called(part.gateway)},
          {"ctx_hash", part.ctx_hash.hex()},
          {"state", shown.state},
          {"survivors", survivors_of(part, live, index)},
          {"expected", part.expected},
          {"survivors_hash", hex_or_null(shown.survivors_hash)},
          {"sum_hash", hex_or_null(shown.sum_hash)},
          {"reason", shown.reason}};
}

// Where the part's sum is released in the total of a wider scope only.
std::optional<ScopeId> scope_of(const store::PartRow& part) {
  const auto place = engine::place_of(part);
  const auto* wide = std::get_if<ScopeId>(&place);
  return wide ? std::optional{*wide} : std::nullopt;
}

// What the task promises about one device, and what of it is spent. null: nothing is promised.
json::value privacy_view(const engine::Task& task) {
  if (!task.spec.privacy) return nullptr;
  const auto& [budget, terms] = *task.spec.privacy;
  const privacy::Ledger ledger(budget, terms);
  const auto opened = static_cast<std::uint32_t>(task.row.progress.round);
  const auto most = ledger.affordable_rounds();
  return json::object{
      {"epsilon", budget.epsilon},
      {"delta", budget.delta},
      {"epsilon_spent", ledger.spent(opened)},
      {"noise_multiplier", terms.noise_multiplier},
      {"participations", terms.participation.cap},
      {"rounds_left", most == UINT32_MAX ? json::value(nullptr) : json::value(most - opened)}};
}

// What the devices' own noise gives apart from all other: against whom, in words, and how much of it.
json::value device_noise_view(const engine::Task& task) {
  if (!task.spec.device_noise) return nullptr;
  const auto& spec = *task.spec.device_noise;
  const privacy::DeviceNoise noise{spec.multiplier, spec.participation.cap};
  const double local = privacy::local_epsilon(noise, spec.delta);
  const double central = privacy::central_epsilon(noise, task.spec.n_min, spec.delta);
  std::ostringstream words;
  words << std::setprecision(3) << "the noise each device adds gives epsilon " << local
        << " at delta " << spec.delta << " against whoever sees its words without a mask, and "
        << central << " against whoever sees sums of at least " << task.spec.n_min
        << " honest devices, over " << noise.participations << " participations";
  return json::object{{"multiplier", spec.multiplier},
                      {"delta", spec.delta},
                      {"participations", noise.participations},
                      {"local_epsilon", local},
                      {"central_epsilon", central},
                      {"words", words.str()}};
}

// What one device sends in a round: the next, or the last that was opened.
json::value update_view(const engine::Task& task) {
  const auto round = std::max<std::uint64_t>(task.row.progress.round, 1);
  const auto subset = round::subset_of(task.spec, task.row.parameters, task.row.id, round);
  const auto* known = std::get_if<crypto::Subset>(&subset);
  if (known == nullptr) return nullptr;
  const std::uint64_t words = std::uint64_t{known->words()} + 3 + round::canary_words;
  const auto bytes = words * crypto::word_bytes(task.spec.encoding.ring_bits);
  return json::object{{"parameters", known->parameters},
                      {"trained", known->trained.count},
                      {"travelling", known->words()},
                      {"bytes", bytes},
                      {"bytes_per_parameter", static_cast<double>(bytes) / known->parameters}};
}

round::GroupPlan plan_of(const store::GroupRow& row) {
  v1::Group group;
  group.ParseFromString(row.content);
  return {group.devices(), group.neighbours(), group.threshold(), group.witnesses(),
          group.quorum()};
}

json::object group_view(const store::GroupRow& row) {
  const auto plan = plan_of(row);
  json::array missing;
  for (const auto& device : row.missing) missing.emplace_back(device.hex());
  return {{"gateway", row.gateway.hex()},    {"group_hash", row.hash.hex()},
          {"made_at", rfc3339(row.made_at)}, {"devices", plan.devices},
          {"left_out", row.left_out.size()}, {"neighbours", plan.neighbours},
          {"threshold", plan.threshold},     {"witnesses", plan.witnesses},
          {"quorum", plan.quorum},           {"ready_until", row.ready_until},
          {"missing", std::move(missing)}};
}

std::string state_of(const store::RoundRow& round, const engine::RoundRun* live) {
  if (live != nullptr && live->machine.sums_complete()) return "combining";
  return std::string{store::name_of(round.state)};
}

}  // namespace

std::string rfc3339(store::Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  char text[64];
  const int size = std::snprintf(
      text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

json::object task_view(const engine::Task& task, const engine::TaskBoard& board,
                       const engine::GroupDesk& groups) {
  const auto& progress = task.row.progress;
  auto splits = board.splits(task.spec);
  json::array grouped;
  for (std::size_t i = 0; i < task.spec.gateways.size() && task.spec.pairwise; ++i) {
    const auto* row = groups.find(task.row.id, task.spec.gateways[i]);
    if (row == nullptr) continue;
    splits[i].pairwise->group = plan_of(*row);
    grouped.push_back(group_view(*row));
  }
  json::array warnings;
  for (const auto& warning : round::trust_warnings(splits)) warnings.emplace_back(warning);
  return {{"id", task.row.id.hex()},
          {"name", task.row.name},
          {"state", store::name_of(progress.state)},
          {"state_reason", progress.state_reason},
          {"created_at", rfc3339(task.row.created_at)},
          {"spec", json::parse(task.row.spec)},
          {"round", progress.round},
          {"rounds_released", progress.released},
          {"rounds_abandoned", progress.abandoned},
          {"model", progress.model.hex()},
          {"privacy", privacy_view(task)},
          {"device_noise", device_noise_view(task)},
          {"update", update_view(task)},
          {"groups", task.spec.pairwise ? json::value(std::move(grouped)) : json::value(nullptr)},
          {"trust", round::trust_words(splits)},
          {"warnings", std::move(warnings)}};
}

json::object model_view(const store::ModelRow& model) {
  return {{"hash", model.hash.hex()},
          {"name", model.name},
          {"architecture", model.architecture},
          {"parameters", model.parameters},
          {"version", model.version},
          {"task", hex_or_null(model.task)},
          {"round", number_or_null(model.round)},
          {"parent", hex_or_null(model.parent)},
          {"created_at", rfc3339(model.created_at)}};
}

json::object gateway_view(const engine::Member& member, bool down) {
  const auto helper =
      member.helper ? std::optional{engine::helper_id(*member.helper)} : std::nullopt;
  return {{"id", member.id.hex()},
          {"name", member.name},
          {"operator", member.gateway.operated_by},
          {"last_seen", rfc3339(member.last_seen)},
          {"down", down},
          {"roster_size", member.roster_size},
          {"roster_hash", hex_or_null(member.roster_hash)},
          {"helper_id", hex_or_null(helper)},
          {"version", member.version},
          {"epoch", member.gateway.epoch}};
}

json::object round_view(const store::RoundRow& row, const std::vector<store::PartRow>& parts,
                        const engine::RoundRun* live, const engine::Fleet& fleet, store::Time now) {
  json::array gateways;
  std::size_t survivors = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    survivors += survivors_of(parts[i], live, i);
    gateways.push_back(part_view(parts[i], live, i, fleet));
  }
  const bool released = row.state == store::RoundState::released;
  const auto dropped = released && row.expected > row.survivors ? row.expected - row.survivors : 0;
  return {
      {"round", row.key.round},
      {"state", state_of(row, live)},
      {"reason", row.reason},
      {"opened_at", rfc3339(row.opened_at)},
      {"closed_at", row.closed_at ? json::value(rfc3339(*row.closed_at)) : json::value(nullptr)},
      {"seconds", seconds_of(row.closed_at.value_or(now) - row.opened_at)},
      {"survivors", survivors},
      {"expected", row.expected},
      {"dropped", dropped},
      {"train_loss", number_or_null(row.train_loss)},
      {"train_accuracy", number_or_null(row.train_accuracy)},
      {"weight", number_or_null(row.weight)},
      {"model_before", row.model_before.hex()},
      {"model_after", hex_or_null(row.model_after)},
      {"masks_removed", row.masks_removed},
      {"mask_seconds", seconds_of(row.mask_time)},
      {"upload_bytes", row.upload_bytes},
      {"gateways", std::move(gateways)}};
}

json::object survivors_view(const std::vector<store::PartRow>& parts) {
  json::array gateways;
  for (const auto& part : parts) {
    if (!part.sum_hash) continue;
    json::array devices;
    for (const auto& device : part.survivors) devices.emplace_back(device.hex());
    gateways.push_back(json::object{{"gateway", part.gateway.hex()},
                                    {"scope_id", hex_or_null(scope_of(part))},
                                    {"ctx_hash", part.ctx_hash.hex()},
                                    {"sum_hash", part.sum_hash->hex()},
                                    {"device_ids", std::move(devices)}});
  }
  return {{"gateways", std::move(gateways)}};
}

json::object release_view(const store::ReleaseRow& release, const store::PartRow& part) {
  v1::Release said;
  said.ParseFromString(release.body);
  const auto scope = scope_of(part);
  v1::Signed message;
  message.set_body(release.body);
  message.set_signature(release.signature.raw());
  return {{"gateway", scope ? json::value(nullptr) : json::value(part.gateway.hex())},
          {"scope_id", hex_or_null(scope)},
          {"ctx_hash", to_hex(view_of(said.ctx_hash()))},
          {"signed", base64(message.SerializeAsString())},
          {"hash", release.hash.hex()}};
}

}  // namespace tributary::cloud::server
