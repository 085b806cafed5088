#include "cloud/engine/round_run.hpp"

#include <algorithm>

#include "storage/failure.hpp"

namespace tributary::cloud::engine {
namespace {

using round::Verdict;

constexpr std::size_t chunk_overhead = 36 + 16;  // PROTOCOL.md 4.2: head and tag

[[noreturn]] void corrupt(const std::string& what) {
  throw storage::Failure(storage::FailureKind::corrupt, "coordinator database: " + what);
}

std::vector<PartRun> runs_of(std::vector<store::PartRow> rows) {
  std::vector<PartRun> runs;
  for (auto& row : rows) {
    auto context = round::read_context(row.context);
    if (!context) corrupt("the context " + row.ctx_hash.hex() + " does not decode");
    runs.push_back({std::move(row), std::move(*context), {}, {}, {}, {}, {}, {}});
  }
  return runs;
}

round::GlobalRound machine_of(const store::RoundRow& row, const std::vector<PartRun>& parts) {
  if (parts.empty()) corrupt("round " + std::to_string(row.key.round) + " has no parts");
  std::vector<round::PartTerms> terms;
  for (const auto& part : parts) {
    terms.push_back({part.row.gateway, part.context.helpers, part.context.n_min});
    if (part.context.scope_id) {
      terms.back().wide = {*part.context.scope_id, part.row.ctx_hash};
    }
  }
  const auto& context = parts.front().context;
  const round::UnixTime deadline{
      std::chrono::seconds{context.deadline + context.after_deadline_seconds}};
  const auto length = deadline - std::chrono::floor<std::chrono::seconds>(row.opened_at);
  return {round::rules_for(row.least_contributions, row.gateway_quorum, deadline, length),
          std::move(terms)};
}

std::uint64_t upload_bytes(const round::ContextReading& context) {
  const auto payload = context.encoding.words() * crypto::word_bytes(context.encoding.bits);
  const auto chunks = (payload + context.chunk_bytes - 1) / context.chunk_bytes;
  return payload + chunks * chunk_overhead;
}

// `at`: the part's own round; of a wider scope helpers name the question instead of the context.
template <class Message, class Stated>
std::pair<Message, Stated> recorded(const store::EventRow& event, const round::StatedRound& at) {
  Message message;
  if (!message.ParseFromString(event.body)) corrupt("a recorded statement does not decode");
  const auto named = event.helper ? Hash::from(message.ctx_hash()) : std::nullopt;
  auto read = round::read_statement(message, {named.value_or(at.ctx_hash), at.context});
  auto* stated = std::get_if<Stated>(&read);
  if (stated == nullptr) corrupt("a recorded statement: " + std::get<std::string>(read));
  return {std::move(message), std::move(*stated)};
}

}  // namespace

std::variant<GatewayId, ScopeId> place_of(const round::ContextReading& context) {
  if (context.scope_id) return *context.scope_id;
  return context.gateway;
}

std::variant<GatewayId, ScopeId> place_of(const store::PartRow& row) {
  const auto context = round::read_context(row.context);
  if (!context) corrupt("the context " + row.ctx_hash.hex() + " does not decode");
  return place_of(*context);
}

RoundRun::RoundRun(store::RoundRow round_row, std::vector<store::PartRow> part_rows)
    : row(std::move(round_row)),
      parts(runs_of(std::move(part_rows))),
      machine(machine_of(row, parts)) {
  total.words.assign(parts.front().context.encoding.words(), 0);
}

round::Outcome RoundRun::sum(std::size_t part, v1::GatewaySum message, const round::SumGiven& sum,
                             store::Time at) {
  auto outcome = machine.on_sum(part, sum);
  if (outcome.verdict == Verdict::accepted) {
    message.clear_words();
    parts[part].request = std::move(message);
    parts[part].refusals.clear();
    if (!parts[part].context.scope_id) parts[part].asked_at = at;
    parts[part].mask_time = {};
  }
  return outcome;
}

round::Outcome RoundRun::mask_sum(std::size_t part, const round::MaskGiven& mask, store::Time at) {
  // Taken together the leaves of a wider scope wait once.
  const auto asked = members_in<round::Masking>(part);
  auto outcome = machine.on_mask_sum(part, mask);
  auto& run = parts[asked.empty() ? part : asked.front()];
  if (outcome.verdict == Verdict::accepted && run.asked_at) run.mask_time += at - *run.asked_at;
  return outcome;
}

Hash RoundRun::joint(std::size_t part) const {
  return crypto::joint_hash(round::asked_leaves(machine.parts(), part));
}

round::Outcome RoundRun::asked(std::size_t part, const Hash& joint, store::Time at) {
  const auto question = round::asked_leaves(machine.parts(), part);
  auto outcome = machine.on_asked(part, joint);
  if (outcome.verdict != Verdict::accepted) return outcome;
  questions[joint] = scope_members(part).front();
  for (const auto leaf : members_in<round::Masking>(part)) {
    parts[leaf].question = question;
    parts[leaf].asked_at = at;
    parts[leaf].refusals.clear();
    parts[leaf].mask_time = {};
  }
  return outcome;
}

std::vector<std::size_t> RoundRun::scope_members(std::size_t part) const {
  return round::scope_members(machine.parts(), part);
}

round::Outcome RoundRun::refusal(std::size_t part, const v1::MaskRefusal& message,
                                 const round::Refused& refusal) {
  auto outcome = machine.on_refusal(part, refusal);
  if (outcome.verdict != Verdict::accepted) return outcome;
  for (const auto leaf : scope_members(part)) parts[leaf].refusals.push_back(message);
  return outcome;
}

std::vector<round::Effect> RoundRun::replay(const std::vector<store::EventRow>& events) {
  std::vector<round::Effect> effects;
  for (const auto& event : events) {
    const auto part = part_of(event.ctx_hash);
    if (!part) corrupt("an event of a part that is not there");
    auto more = replay_one(*part, event);
    effects.insert(effects.end(), more.begin(), more.end());
  }
  return effects;
}

std::vector<round::Effect> RoundRun::replay_one(std::size_t part, const store::EventRow& event) {
  const auto at = stated(part);
  switch (event.kind) {
    case store::EventKind::joint: {
      auto outcome = asked(part, event.statement, event.received_at);
      if (outcome.verdict != Verdict::accepted) corrupt("a recorded question: " + outcome.text);
      return outcome.effects;
    }
    case store::EventKind::sum: {
      auto [message, given] = recorded<v1::GatewaySum, round::SumGiven>(event, at);
      return sum(part, std::move(message), given, event.received_at).effects;
    }
    case store::EventKind::mask_sum: {
      const auto given = recorded<v1::MaskSum, round::MaskGiven>(event, at).second;
      return mask_sum(part, given, event.received_at).effects;
    }
    case store::EventKind::refusal: {
      auto [message, given] = recorded<v1::MaskRefusal, round::Refused>(event, at);
      return refusal(part, message, given).effects;
    }
    case store::EventKind::abandon:
      break;
  }
  const auto given = recorded<v1::GatewayAbandon, round::GaveUp>(event, at).second;
  return machine.on_gateway_abandon(part, given.reason).effects;
}

std::optional<std::size_t> RoundRun::part_of(const GatewayId& gateway) const {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].row.gateway == gateway) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> RoundRun::part_of(const Hash& ctx_hash) const {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].row.ctx_hash == ctx_hash) return i;
  }
  return std::nullopt;
}

round::StatedRound RoundRun::stated(std::size_t part) const {
  return {parts[part].row.ctx_hash, parts[part].context};
}

store::PartRow RoundRun::ended_part(std::size_t part) const {
  auto ended = parts[part].row;
  ended.state = round::phase_name(phase(part));
  ended.reason = round::left_out_reason(phase(part));
  if (const auto* sum = round::sum_of(phase(part))) ended.survivors_hash = sum->survivors_hash;
  if (const auto* combined = std::get_if<round::Combined>(&phase(part))) {
    ended.survivors = combined->sum.survivors;
    ended.sum_hash = parts[part].sum_hash;
  }
  return ended;
}

store::RoundRow RoundRun::released_row(store::Time now) const {
  auto released = row;
  released.state = store::RoundState::released;
  released.closed_at = now;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto* combined = std::get_if<round::Combined>(&phase(i));
    if (combined == nullptr) continue;
    const auto survivors = combined->sum.survivors.size();
    released.survivors += static_cast<std::uint32_t>(survivors);
    released.masks_removed += survivors * parts[i].context.helpers.size();
    released.mask_time += parts[i].mask_time;
    released.upload_bytes += survivors * upload_bytes(parts[i].context);
  }
  return released;
}

}  // namespace tributary::cloud::engine
