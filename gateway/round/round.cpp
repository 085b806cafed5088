#include "gateway/round/round.hpp"

#include <algorithm>

#include "crypto/upload.hpp"

namespace tributary::gateway::round {

Round::Round(const Plan& plan, const Limits& limits, std::vector<DeviceId> expected, Instant now)
    : plan_(plan),
      limits_(limits),
      expected_(std::move(expected)),
      phase_(Collecting(limits, now)),
      now_(now) {}

Effects Round::on(const Event& event, Instant now) {
  now_ = now;
  effects_.clear();
  // The phase may be replaced while an overload runs: overloads touch theirs only before that.
  std::visit([this](auto& phase, const auto& happened) { react(phase, happened); }, phase_, event);
  return std::move(effects_);
}

Round::Judgement Round::judge_chunk(const DeviceId& device, const Nonce& nonce, std::uint32_t index,
                                    std::uint32_t total) const {
  if (!is_expected(device)) return {Verdict::refused, v1::REJECT_NOT_SELECTED};
  if (const auto entry = entries_.find(device); entry != entries_.end()) {
    const bool same = entry->second.contribution.nonce == nonce;
    return {same ? Verdict::known : Verdict::refused, v1::REJECT_DUPLICATE};
  }
  const auto* phase = std::get_if<Collecting>(&phase_);
  if (phase == nullptr) return {Verdict::refused, v1::REJECT_LATE};
  if (total != plan_.chunks || index >= total) return {Verdict::refused, v1::REJECT_BAD_CHUNK};
  // A gateway that was restarted has forgotten its credits: the device shall ask again.
  constexpr Judgement unasked{Verdict::refused, v1::REJECT_OVER_CREDIT, 1};
  const auto found = phase->uploads.find(device);
  if (found == phase->uploads.end() || found->second.nonce() != nonce) return unasked;
  if (found->second.has(index)) return {Verdict::known};
  return found->second.may_send(index) ? Judgement{Verdict::wanted} : unasked;
}

void Round::react(Collecting& phase, const UploadRequested& event) {
  if (!is_expected(event.device)) return reject(event.device, event.nonce, v1::REJECT_NOT_SELECTED);
  if (answer_contributor(event.device, event.nonce)) return;
  if (event.total != plan_.chunks) return reject(event.device, event.nonce, v1::REJECT_BAD_CHUNK);
  if (entries_.size() >= plan_.n_max) {
    return reject(event.device, event.nonce, v1::REJECT_ROUND_FULL);
  }
  Upload* upload = begin_upload(phase, event.device, event.nonce);
  if (upload != nullptr) ask_for_chunks(phase, event.device, *upload);
}

void Round::react(Collecting& phase, const ChunkStored& event) {
  const auto found = phase.uploads.find(event.device);
  if (found == phase.uploads.end() || found->second.nonce() != event.nonce) return;
  found->second.store(event.index, event.tag);
  phase.last_arrival = now_;
  phase.desk.touch(event.device, now_);
  if (found->second.missing() > 0) return;
  phase.desk.release(event.device);
  admit_waiting(phase);
}

void Round::react(Collecting& phase, const HeaderArrived& event) {
  const Contribution& header = event.contribution;
  const auto refuse = [&](v1::RejectReason reason) { reject(header.device, header.nonce, reason); };
  if (!is_expected(header.device)) return refuse(v1::REJECT_NOT_SELECTED);
  if (const auto entry = entries_.find(header.device); entry != entries_.end()) {
    if (entry->second.contribution != header) return refuse(v1::REJECT_DUPLICATE);
    return receipt(header.device);
  }
  if (event.total != plan_.chunks) return refuse(v1::REJECT_BAD_CHUNK);
  if (header.tickets.size() != plan_.helpers) return refuse(v1::REJECT_BAD_TICKETS);
  if (entries_.size() >= plan_.n_max) return refuse(v1::REJECT_ROUND_FULL);
  Upload* upload = begin_upload(phase, header.device, header.nonce);
  if (upload == nullptr) return;
  if (upload->missing() > 0) return ask_for_chunks(phase, header.device, *upload);
  const Hash digest =
      crypto::upload_digest(plan_.ctx_hash, header.device, header.nonce, upload->tags());
  if (digest != header.digest) {
    phase.uploads.erase(header.device);
    return refuse(v1::REJECT_BAD_DIGEST);
  }
  accept(phase, header);
}

void Round::react(Collecting& phase, const ContributionDurable& event) {
  const auto entry = entries_.find(event.device);
  if (entry == entries_.end() || entry->second.durable) return;
  entry->second.durable = true;
  ++durable_;
  receipt(event.device);
  close_if_due(phase);
}

void Round::react(Collecting& phase, const DeviceRevoked& event) {
  std::erase(expected_, event.device);
  phase.uploads.erase(event.device);
  phase.desk.release(event.device);
  if (const auto entry = entries_.find(event.device); entry != entries_.end()) {
    if (entry->second.durable) --durable_;
    entries_.erase(entry);
    effects_.push_back(ForgetContribution{event.device});
  }
  admit_waiting(phase);
  close_if_due(phase);
}

void Round::react(Collecting& phase, const Tick&) {
  phase.desk.expire(now_);
  admit_waiting(phase);
  close_if_due(phase);
}

void Round::react(Summing&, const ContributionDurable& event) {
  const auto entry = entries_.find(event.device);
  if (entry == entries_.end() || entry->second.durable) return;
  entry->second.durable = true;
  ++durable_;
  receipt(event.device);
}

void Round::react(Summing& phase, const SurvivorsDurable& event) {
  if (event.survivors_hash != phase.survivors.hash) return;
  if (plan_.pairwise) return begin_witnessing(std::move(phase.survivors));
  effects_.push_back(ComputeSum{phase.survivors.hash, contributions_of(phase.survivors.devices)});
}

void Round::react(Summing& phase, const SumReady& event) {
  if (event.survivors_hash == phase.survivors.hash) submit(std::move(phase.survivors), event.words);
}

void Round::react(Summing& phase, const SumFailed& event) {
  if (event.survivors_hash == phase.survivors.hash) give_up(event.reason);
}

template <class AnyPhase>
void Round::react(AnyPhase&, const UploadRequested& event) {
  if (answer_contributor(event.device, event.nonce)) return;
  reject(event.device, event.nonce, v1::REJECT_LATE);
}

template <class AnyPhase>
void Round::react(AnyPhase&, const HeaderArrived& event) {
  const Contribution& header = event.contribution;
  const auto entry = entries_.find(header.device);
  if (entry == entries_.end()) return reject(header.device, header.nonce, v1::REJECT_LATE);
  if (entry->second.contribution != header) {
    return reject(header.device, header.nonce, v1::REJECT_DUPLICATE);
  }
  receipt(header.device);
}

template <class AnyPhase>
void Round::react(AnyPhase& phase, const DevicesDropped& event) {
  if constexpr (requires { phase.survivors; }) {
    if (event.survivors_hash != phase.survivors.hash) return;
    std::vector<DeviceId> rest = phase.survivors.devices;
    std::erase_if(rest, [&](const DeviceId& device) {
      return std::find(event.devices.begin(), event.devices.end(), device) != event.devices.end();
    });
    if (rest.size() == phase.survivors.devices.size()) return;
    if (rest.size() < plan_.n_min) return give_up("fewer than n_min after a helper's refusals");
    Survivors survivors = fix(std::move(rest));
    announce(survivors);
    phase_ = Summing{std::move(survivors)};
  }
}

template <class AnyPhase>
void Round::react(AnyPhase& phase, const OutcomeArrived& event) {
  if constexpr (!std::is_same_v<AnyPhase, Closed>) {
    if constexpr (std::is_same_v<AnyPhase, Collecting>) {
      turn_away(phase);
      effects_.push_back(RetireOffer{});
    }
    effects_.push_back(DeleteUpdates{});
    phase_ = Closed{event.released};
  }
}

bool Round::is_expected(const DeviceId& device) const {
  return std::binary_search(expected_.begin(), expected_.end(), device);
}

const Contribution* Round::contribution(const DeviceId& device) const {
  const auto entry = entries_.find(device);
  return entry == entries_.end() ? nullptr : &entry->second.contribution;
}

// True when the device has contributed: everything is said then.
bool Round::answer_contributor(const DeviceId& device, const Nonce& nonce) {
  const Contribution* known = contribution(device);
  if (known == nullptr) return false;
  if (known->nonce == nonce) {
    effects_.push_back(GrantCredit{device, nonce, {}});
  } else {
    reject(device, nonce, v1::REJECT_DUPLICATE);
  }
  return true;
}

// The device's upload under this nonce. A new nonce means that the device lost its state: what came
// under the old one is forgotten. nullptr: it began too many, and has been told.
Upload* Round::begin_upload(Collecting& phase, const DeviceId& device, const Nonce& nonce) {
  const auto found = phase.uploads.find(device);
  if (found != phase.uploads.end() && found->second.nonce() == nonce) return &found->second;
  std::uint32_t& begun = phase.begun[device];
  if (begun >= limits_.nonces) {
    reject(device, nonce, v1::REJECT_DUPLICATE);
    return nullptr;
  }
  ++begun;
  return &phase.uploads.insert_or_assign(device, Upload(nonce, plan_.chunks)).first->second;
}

void Round::ask_for_chunks(Collecting& phase, const DeviceId& device, Upload& upload) {
  if (upload.missing() == 0) {
    effects_.push_back(GrantCredit{device, upload.nonce(), {}});
    return;
  }
  switch (phase.desk.request(device, now_)) {
    case CreditDesk::Answer::granted:
      effects_.push_back(GrantCredit{device, upload.nonce(), upload.grant(limits_.credit_chunks)});
      break;
    case CreditDesk::Answer::waiting:
      break;
    case CreditDesk::Answer::full:
      reject(device, upload.nonce(), v1::REJECT_BUSY, limits_.busy_retry_seconds);
      break;
  }
}

void Round::admit_waiting(Collecting& phase) {
  // Who leaves the uploads leaves the desk.
  while (const auto device = phase.desk.admit(now_)) {
    ask_for_chunks(phase, *device, phase.uploads.at(*device));
  }
}

void Round::accept(Collecting& phase, const Contribution& contribution) {
  phase.uploads.erase(contribution.device);
  phase.desk.release(contribution.device);
  phase.last_arrival = now_;
  entries_.emplace(contribution.device, Entry{contribution, false});
  effects_.push_back(StoreContribution{contribution});
  admit_waiting(phase);
}

bool Round::wants_to_close(const Collecting& phase) const {
  if (durable_ >= plan_.n_target || durable_ >= expected_.size()) return true;
  if (now_ >= plan_.deadline) return true;
  return plan_.patience.count() > 0 && durable_ >= plan_.n_min &&
         now_ - phase.last_arrival >= plan_.patience;
}

void Round::close_if_due(Collecting& phase) {
  if (!wants_to_close(phase)) return;
  // Contributions on their way to the disk count: they are durable before the survivors are.
  if (entries_.size() < plan_.n_min) {
    return give_up(now_ >= plan_.deadline ? "fewer than n_min contributions at the deadline"
                                          : "fewer than n_min devices can take part");
  }
  turn_away(phase);
  effects_.push_back(RetireOffer{});
  std::vector<DeviceId> devices;
  devices.reserve(entries_.size());
  for (const auto& [device, entry] : entries_) devices.push_back(device);
  Survivors survivors = fix(std::move(devices));
  announce(survivors);
  phase_ = Summing{std::move(survivors)};
}

void Round::turn_away(const Collecting& phase) {
  for (const auto& [device, upload] : phase.uploads) {
    reject(device, upload.nonce(), v1::REJECT_LATE);
  }
}

void Round::give_up(std::string reason) {
  if (const auto* phase = std::get_if<Collecting>(&phase_)) {
    turn_away(*phase);
    effects_.push_back(RetireOffer{});
  }
  effects_.push_back(Abandon{static_cast<std::uint32_t>(entries_.size()), std::move(reason)});
  effects_.push_back(DeleteUpdates{});
  phase_ = Closed{false};
}

Survivors Round::fix(std::vector<DeviceId> devices) const {
  std::vector<crypto::SurvivorEntry> entries;
  entries.reserve(devices.size());
  for (const auto& device : devices) {
    const Contribution& held = *contribution(device);
    entries.push_back({held.device, held.nonce, held.digest});
  }
  return {crypto::survivors_hash(plan_.ctx_hash, entries).value(), std::move(devices)};
}

void Round::submit(Survivors survivors, const Bytes& words) {
  effects_.push_back(SubmitSum{survivors.hash, contributions_of(survivors.devices), words});
  phase_ = Submitted{std::move(survivors)};
}

void Round::announce(const Survivors& survivors) {
  effects_.push_back(FixSurvivors{survivors.hash, survivors.devices});
}

std::vector<Contribution> Round::contributions_of(const std::vector<DeviceId>& devices) const {
  std::vector<Contribution> result;
  result.reserve(devices.size());
  for (const auto& device : devices) result.push_back(*contribution(device));
  return result;
}

// Only for what is durable, and only for what counts.
void Round::receipt(const DeviceId& device) {
  const Entry& entry = entries_.at(device);
  if (!entry.durable) return;
  effects_.push_back(SendReceipt{device, entry.contribution.nonce, entry.contribution.digest});
}

void Round::reject(const DeviceId& device, const Nonce& nonce, v1::RejectReason reason,
                   std::uint32_t retry_after_seconds) {
  effects_.push_back(SendReject{device, nonce, reason, retry_after_seconds});
}

}  // namespace tributary::gateway::round
