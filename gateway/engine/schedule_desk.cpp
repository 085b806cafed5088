#include "gateway/engine/schedule_desk.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "gateway/engine/admission.hpp"
#include "gateway/scheduling/deadline.hpp"

namespace tributary::gateway::engine {
namespace {

using scheduling::Decision;
using scheduling::Presence;
using scheduling::Reason;
using scheduling::Time;

// Invitations go on from the clock when the last number is forgotten; so many fit into a second.
constexpr std::uint32_t sequences_a_second_log2 = 20;

std::uint64_t unix_seconds(Time time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

std::optional<std::uint32_t> told(std::uint32_t one_more) {
  if (one_more == 0) return std::nullopt;
  return one_more - 1;
}

scheduling::Conditions conditions_of(const v1::DeviceConditions& said) {
  scheduling::Conditions now;
  now.battery = told(said.battery());
  now.link = told(said.link());
  now.examples = told(said.examples());
  if (said.chunk_room() > 0) now.room = said.chunk_room();
  if (said.contributions_left() > 0) now.contributions_left = said.contributions_left() - 1;
  if (said.power() == v1::POWER_BATTERY) now.power = scheduling::Power::battery;
  if (said.power() == v1::POWER_MAINS) now.power = scheduling::Power::mains;
  return now;
}

Presence presence_of(v1::LifeState state) {
  if (state == v1::LIFE_INIT || state == v1::LIFE_READY) return Presence::awake;
  return state == v1::LIFE_SLEEPING ? Presence::asleep : Presence::gone;
}

StoredRecord stored(const DeviceId& device, const scheduling::Record& record, Time come_back_at) {
  return {device, record, come_back_at};
}

}  // namespace

std::string reasons_of(const scheduling::Choice& choice) {
  std::string text;
  for (std::size_t i = 0; i < scheduling::reasons; ++i) {
    if (choice.counts.at(i) == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::string(scheduling::name_of(static_cast<Reason>(i))) + " " +
            std::to_string(choice.counts.at(i));
  }
  return text;
}

ScheduleDesk::ScheduleDesk(Surroundings surroundings, const Kept& kept)
    : around_(std::move(surroundings)) {
  for (const auto& choice : kept.choices) {
    rhythms_[choice.task].opened_at(choice.opened_at);
    stored_.emplace(choice.ctx_hash, choice);
  }
  for (const auto& [device, observed, come_back_at] : kept.records) {
    devices_[device] = {observed, come_back_at};
  }
}

void ScheduleDesk::heard(const DeviceId& device, const v1::DeviceState& state) {
  auto& [record, come_back_at] = devices_[device];
  const bool slept = record.presence == Presence::asleep;
  record.presence = presence_of(state.state());
  record.wake_at = come_back_at;
  record.held_back = state.held_back() != v1::HELD_BACK_NONE;
  if (state.has_conditions()) record.conditions = conditions_of(state.conditions());
  if (!slept || record.presence != Presence::awake) return;
  // What it was chosen for it begins now.
  for (auto& [hash, choice] : open_) {
    const auto working = choice.working.find(device);
    if (working != choice.working.end()) working->second = now();
  }
}

void ScheduleDesk::revoked(const DeviceId& device) {
  devices_.erase(device);
  around_.retained.clear(wire::down_topic(device, wire::DownKind::invitation));
  around_.writer.commit([device](Store& store) { store.schedule().forget(device); });
}

const scheduling::Rhythm& ScheduleDesk::rhythm(const TaskId& task) const {
  static const scheduling::Rhythm none;
  const auto at = rhythms_.find(task);
  return at == rhythms_.end() ? none : at->second;
}

bool ScheduleDesk::busy(const DeviceId& device) const {
  return std::ranges::any_of(
      open_, [&](const auto& entry) { return entry.second.working.contains(device); });
}

ScheduleDesk::Draft ScheduleDesk::choose(const wire::Context& context,
                                         const std::vector<DeviceId>& devices,
                                         std::chrono::seconds left) const {
  std::vector<scheduling::Candidate> candidates;
  for (const auto& device : devices) {
    const auto known = devices_.find(device);
    scheduling::Candidate candidate{
        device, known == devices_.end() ? scheduling::Record{} : known->second.record};
    if (busy(device)) candidate.barred = Reason::busy;
    if (!selected(context, device)) candidate.barred = Reason::other_cohort;
    candidates.push_back(std::move(candidate));
  }
  scheduling::Requirements needs{now() + left, rhythm(context.task).interval()};
  needs.chunk_bytes = context.chunk_bytes;
  Draft draft{
      scheduling::select(candidates, needs, {context.n_min, context.n_target, context.n_max}, now(),
                         crypto::hash("invite", {context.task.view()})),
      {},
      left};
  draft.chosen = draft.choice.chosen();
  std::vector<scheduling::Record> chosen;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (draft.choice.decisions[i].reason == Reason::chosen) chosen.push_back(candidates[i].record);
  }
  draft.wait = scheduling::wait_for(chosen, needs.closes_at, now());
  return draft;
}

std::function<void(Store&)> ScheduleDesk::enter(const wire::Context& context, const Draft& draft) {
  OpenChoice& choice = open_[context.hash];
  choice = {context.task, draft.choice.decisions, {}};
  StoredChoice row{context.hash, context.task, now(), {}};
  std::vector<StoredRecord> records;
  for (const auto& decision : draft.choice.decisions) {
    auto& [record, come_back_at] = devices_[decision.device];
    record.credit = decision.credit;
    row.decisions.emplace_back(decision.device, decision.reason);
    if (decision.reason == Reason::chosen) {
      ++record.choices;
      choice.working.emplace(decision.device, scheduling::begins_at(record, now()));
    }
    records.push_back(stored(decision.device, record, come_back_at));
  }
  rhythms_[context.task].opened_at(now());
  for (std::size_t i = 0; i < scheduling::reasons; ++i) {
    around_.metrics.selection(std::string(scheduling::name_of(static_cast<Reason>(i))))
        .Increment(draft.choice.counts.at(i));
  }
  around_.log(Severity::info, "devices_chosen",
              {{"task", context.task.hex()},
               {"round", context.round},
               {"reasons", reasons_of(draft.choice)},
               {"wait_seconds", draft.wait.count()}});
  return [row = std::move(row), records = std::move(records)](Store& store) {
    store.schedule().put(row);
    for (const auto& record : records) store.schedule().put(record);
  };
}

// Those who are not chosen may leave at once.
void ScheduleDesk::invite(const Hash& ctx_hash) {
  const auto open = open_.find(ctx_hash);
  if (open == open_.end()) return;
  std::vector<DeviceId> sent_away;
  for (const auto& decision : open->second.decisions) {
    const auto presence = devices_[decision.device].record.presence;
    if (decision.reason == Reason::chosen) {
      if (open->second.working.contains(decision.device)) send(decision.device, &ctx_hash, Time{});
    } else if (presence == Presence::awake || presence == Presence::unheard) {
      send_away(open->second, decision);
      sent_away.push_back(decision.device);
    }
  }
  keep(sent_away);
}

std::optional<std::vector<DeviceId>> ScheduleDesk::resume(
    const Hash& ctx_hash, const std::vector<DeviceId>& contributors) {
  const auto found = stored_.find(ctx_hash);
  if (found == stored_.end()) return std::nullopt;
  OpenChoice choice{found->second.task, {}, {}};
  std::vector<DeviceId> chosen;
  for (const auto& [device, reason] : found->second.decisions) {
    choice.decisions.push_back({device, reason, 0, 0});
    if (reason != Reason::chosen) continue;
    chosen.push_back(device);
    if (std::ranges::find(contributors, device) == contributors.end()) {
      choice.working.emplace(device, now());
    }
  }
  open_.insert_or_assign(ctx_hash, std::move(choice));
  stored_.erase(found);
  std::ranges::sort(chosen);
  return chosen;
}

void ScheduleDesk::contributed(const Hash& ctx_hash, const DeviceId& device) {
  const auto open = open_.find(ctx_hash);
  if (open == open_.end()) return;
  const auto working = open->second.working.find(device);
  if (working == open->second.working.end()) return;
  auto& record = devices_[device].record;
  scheduling::note_contribution(record, std::max(now() - working->second, scheduling::Span(0)));
  open->second.working.erase(working);
  for (const auto& decision : open->second.decisions) {
    if (decision.device == device) send_away(open->second, decision);
  }
  keep({device});
}

void ScheduleDesk::closed(const Hash& ctx_hash, bool complete) {
  const auto open = open_.find(ctx_hash);
  if (open == open_.end()) return;
  const OpenChoice choice = std::move(open->second);
  open_.erase(open);
  std::vector<DeviceId> devices;
  for (const auto& decision : choice.decisions) {
    if (!choice.working.contains(decision.device)) continue;
    auto& record = devices_[decision.device].record;
    if (!complete) scheduling::note_miss(record, now(), rhythm(choice.task).interval());
    send_away(choice, decision);
    devices.push_back(decision.device);
  }
  keep(devices);
}

void ScheduleDesk::send_away(const OpenChoice& choice, const Decision& decision) {
  auto& known = devices_[decision.device];
  const auto& pace = rhythm(choice.task);
  scheduling::Arrivals arrivals;
  arrivals.devices = static_cast<std::uint32_t>(choice.decisions.size());
  auto reason = decision.reason;
  if (scheduling::rested_at(known.record, pace.interval()) > now()) reason = Reason::resting;
  const bool stays = around_.keep_awake() || busy(decision.device);
  send(decision.device, nullptr,
       stays ? Time{}
             : scheduling::come_back_at(pace, known.record, {reason, decision.pause},
                                        decision.device, arrivals, now()));
}

void ScheduleDesk::send(const DeviceId& device, const Hash* ctx_hash, Time come_back_at) {
  sequence_ = std::max(sequence_ + 1, unix_seconds(now()) << sequences_a_second_log2);
  devices_[device].come_back_at = come_back_at;
  v1::Invitation invitation;
  invitation.set_device_id(device.raw());
  invitation.set_sequence(sequence_);
  if (ctx_hash != nullptr) invitation.set_ctx_hash(ctx_hash->raw());
  invitation.set_issued_at(unix_seconds(now()));
  invitation.set_come_back_at(unix_seconds(come_back_at));
  const auto message =
      wire::sign_body("invitation", invitation.SerializeAsString(), around_.identity.key);
  around_.retained.post(wire::down_topic(device, wire::DownKind::invitation),
                        message.SerializeAsString());
}

void ScheduleDesk::keep(const std::vector<DeviceId>& devices) {
  if (devices.empty()) return;
  std::vector<StoredRecord> records;
  for (const auto& device : devices) {
    const auto& known = devices_[device];
    records.push_back(stored(device, known.record, known.come_back_at));
  }
  around_.writer.commit([records = std::move(records)](Store& store) {
    for (const auto& record : records) store.schedule().put(record);
  });
}

}  // namespace tributary::gateway::engine
