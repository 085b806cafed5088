// The part of RoundDesk between gateways' sums and their average: asks the helpers of wider scopes, takes the
// masks off.
#include <algorithm>

#include "cloud/engine/round_desk.hpp"
#include "cloud/service/failpoint.hpp"
#include "crypto/ring.hpp"

namespace tributary::cloud::engine {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The gateway, or all of a wider scope.
std::string called(const RoundRun& run, const std::vector<std::size_t>& members,
                   const Fleet& fleet) {
  std::string names;
  for (const auto member : members) {
    names += (names.empty() ? "" : ", ") + fleet.called(run.parts[member].row.gateway);
  }
  return names;
}

// Y of this part, from the event that counts.
Bytes given_words(store::Store& store, const RoundRun& run, std::size_t part) {
  const auto& counts = std::get<round::Combining>(run.phase(part)).sum.statement;
  v1::GatewaySum sum;
  for (const auto& event : store.rounds.events_of(run.parts[part].row.ctx_hash)) {
    if (event.kind == store::EventKind::sum && event.statement == counts)
      sum.ParseFromString(event.body);
  }
  return {sum.words().begin(), sum.words().end()};
}

// The sealed mask sums that count, kept under the scope's first context.
std::vector<round::SealedMask> given_masks(store::Store& store, const Hash& kept_under,
                                           const std::vector<round::MaskGiven>& answers) {
  std::vector<round::SealedMask> masks;
  for (const auto& event : store.rounds.events_of(kept_under)) {
    const bool counts = std::ranges::any_of(answers, [&](const round::MaskGiven& mask) {
      return event.kind == store::EventKind::mask_sum && mask.statement == event.statement;
    });
    if (!counts) continue;
    v1::MaskSum mask;
    mask.ParseFromString(event.body);
    masks.push_back(
        {{*Hash::from(mask.ctx_hash()), *Hash::from(mask.survivors_hash()), *event.helper},
         {mask.sealed().begin(), mask.sealed().end()}});
  }
  return masks;
}

// Sum of the gateways' Y, with what the checks need to know of the total.
round::MaskedPart masked_total(store::Store& store, const RoundRun& run,
                               const std::vector<std::size_t>& members) {
  const auto& context = run.parts[members.front()].context;
  round::MaskedPart masked{context.encoding, 0, {}, {}};
  masked.encoding.noise =
      privacy::noise_in_sum(context.privacy, members.size() + context.helpers.size());
  for (const auto member : members) {
    const auto words = given_words(store, run, member);
    if (masked.words.empty()) {
      masked.words = words;
    } else {
      crypto::ring_add(context.encoding.bits, masked.words, words);
    }
    masked.count += static_cast<std::uint32_t>(round::sum_of(run.phase(member))->survivors.size());
  }
  const auto first = run.scope_members(members.front()).front();
  masked.masks = given_masks(store, run.parts[first].row.ctx_hash,
                             std::get<round::Combining>(run.phase(members.front())).answers);
  return masked;
}

}  // namespace

// Durable before any helper sees it: after a crash the same set is asked for, or none was.
void RoundDesk::ask(const TaskId& task, std::size_t part) {
  auto& run = *runs_.at(task);
  if (!round::may_ask(run.machine.parts(), part)) return;
  const auto joint = run.joint(part);
  const auto now = desk_.world.now();
  const auto first = run.scope_members(part).front();
  try {
    desk_.store.rounds.add_event(
        {run.parts[first].row.ctx_hash, store::EventKind::joint, std::nullopt, joint, now, {}});
  } catch (const storage::Failure&) {
    retry_later(task);
    throw;
  }
  const auto outcome = run.asked(part, joint, now);
  places_[joint] = {task, first};
  desk_.world.say(Severity::info, "total_asked",
                  {{"task", task.hex()},
                   {"round", run.row.key.round},
                   {"gateways", called(run, run.members_in<round::Masking>(part), desk_.fleet)}});
  part_changed(run, part);
  carry_out(task, outcome.effects);
}

void RoundDesk::combine(const TaskId& task, std::size_t part) {
  const auto& run = *runs_.at(task);
  const auto members = run.members_in<round::Combining>(part);
  if (members.empty()) return;
  struct Job {
    round::MaskedPart part;
    round::UnmaskedPart result;
    double seconds = 0;
  };
  auto job = std::make_shared<Job>(Job{masked_total(desk_.store, run, members), {}, 0});
  desk_.world.submit(
      [job, &secret = desk_.identity.combiner] {
        const auto start = std::chrono::steady_clock::now();
        job->result = round::unmask(std::move(job->part), secret);
        job->seconds = seconds_since(start);
      },
      [this, job, key = run.row.key, part] {
        combined(key, part, std::move(job->result), job->seconds);
      });
}

void RoundDesk::combined(const store::RoundKey& key, std::size_t part, round::UnmaskedPart result,
                         double seconds) {
  const auto known = runs_.find(key.task);
  if (known == runs_.end() || known->second->row.key != key) return;
  auto& run = *known->second;
  const auto members = run.members_in<round::Combining>(part);
  const auto outcome = run.machine.on_combined(part, result.fault);
  if (outcome.verdict != round::Verdict::accepted) return;
  const bool burnt = !result.fault.empty();
  desk_.observer.part_combined(seconds, burnt);
  const auto gateway = called(run, members, desk_.fleet);
  if (burnt) {
    desk_.world.say(Severity::warning, "sum_burnt",
                    {{"task", key.task.hex()},
                     {"round", key.round},
                     {"gateway", gateway},
                     {"reason", result.fault}});
  } else {
    run.total.add(result.sums);
    if (desk_.board.find(key.task)->spec.aggregation.kind != robust::Kind::mean) {
      run.means.push_back(round::gateway_mean(part, run.parts[part].context.encoding, result.sums));
    }
    for (const auto member : members) run.parts[member].sum_hash = result.sum_hash;
    service::reach(service::Failpoint::part_combined);
    desk_.world.say(Severity::info, "sum_combined",
                    {{"task", key.task.hex()},
                     {"round", key.round},
                     {"gateway", gateway},
                     {"survivors", result.sums.count}});
  }
  part_changed(run, part);
  carry_out(key.task, outcome.effects);
}

}  // namespace tributary::cloud::engine
