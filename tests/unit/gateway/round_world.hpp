// A round machine with a disk that loses what was not synced, and devices that follow PROTOCOL.md 7.5.
// Everything is deterministic; a crash can be asked for before any effect is carried out.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "crypto/upload.hpp"
#include "gateway/round/round.hpp"

namespace tributary::gateway::round {

inline DeviceId device_id(std::uint8_t number) {
  DeviceId id;
  id.bytes[0] = number;
  return id;
}

inline Plan small_plan(std::uint32_t n_min, std::uint32_t n_target, std::uint32_t n_max) {
  Plan plan{};
  plan.ctx_hash.bytes[0] = 7;
  plan.chunks = 3;
  plan.helpers = 1;
  plan.n_min = n_min;
  plan.n_target = n_target;
  plan.n_max = n_max;
  plan.deadline = std::chrono::minutes(10);
  plan.patience = std::chrono::milliseconds(0);
  return plan;
}

inline std::vector<DeviceId> devices(std::uint8_t count) {
  std::vector<DeviceId> ids;
  for (std::uint8_t i = 1; i <= count; ++i) ids.push_back(device_id(i));
  return ids;
}

// What a device knows of its upload.
struct TestDevice {
  explicit TestDevice(std::uint8_t number, std::uint8_t attempt = 0) : id(device_id(number)) {
    nonce.bytes[0] = number;
    nonce.bytes[1] = attempt;
  }
  AeadTag tag(std::uint32_t index) const {
    AeadTag tag;
    tag.bytes = {nonce.bytes[0], nonce.bytes[1], static_cast<std::uint8_t>(index)};
    return tag;
  }
  HeaderArrived header(const Plan& plan) const {
    std::vector<AeadTag> tags;
    for (std::uint32_t i = 0; i < plan.chunks; ++i) tags.push_back(tag(i));
    Contribution contribution{id, nonce, crypto::upload_digest(plan.ctx_hash, id, nonce, tags), {}};
    contribution.tickets.resize(plan.helpers);
    return {contribution, plan.chunks};
  }

  DeviceId id;
  Nonce nonce;
};

class World {
 public:
  World(const Plan& plan, const Limits& limits, std::uint8_t count)
      : plan_(plan),
        limits_(limits),
        expected_(round::devices(count)),
        round_(plan, limits, expected_, now_) {
    for (std::uint8_t i = 1; i <= count; ++i) fleet_.emplace(device_id(i), TestDevice(i));
  }

  // What has been said and done, in order of the effects.
  std::set<DeviceId> receipts;
  std::map<DeviceId, SendReject> rejects;
  std::vector<SubmitSum> sums;
  std::vector<Abandon> abandons;
  std::vector<FixSurvivors> fixed;
  int retired = 0;
  int deleted = 0;
  std::map<DeviceId, std::vector<ChunkSpan>> credits;  // the newest
  std::vector<ShowClosing> closings;                   // mode pairwise
  std::map<std::uint32_t, Signature> vows_shown;
  std::map<DeviceId, SendShares> shares_sent;  // the newest
  std::vector<StoreReveal> reveals_stored;
  std::vector<std::uint32_t> wrong_secrets;  // what the workers find instead of a sum

  std::optional<int> crash_at;  // before carrying out this effect, counted over the whole run
  int carried_out = 0;
  int crashes = 0;

  Round& round() { return round_; }
  Instant now() const { return now_; }
  TestDevice& device(std::uint8_t number) { return fleet_.at(device_id(number)); }

  void happen(const Event& event) { carry_out(round_.on(event, now_)); }
  void pass(std::chrono::milliseconds time) {
    now_ += time;
    happen(Tick{});
  }

  // One chunk as the engine treats it: judged, queued for the disk, then told to the machine.
  Round::Verdict send_chunk(const TestDevice& device, std::uint32_t index) {
    const auto verdict = round_.judge_chunk(device.id, device.nonce, index, plan_.chunks).verdict;
    if (verdict == Round::Verdict::wanted) {
      const ChunkStored chunk{device.id, device.nonce, index, device.tag(index)};
      unsynced_chunks_.push_back(chunk);
      happen(chunk);
    }
    return verdict;
  }
  void request(const TestDevice& device) {
    happen(UploadRequested{device.id, device.nonce, plan_.chunks});
  }
  void send_granted(const TestDevice& device) {
    const auto spans = credits[device.id];
    for (const auto& span : spans) {
      for (std::uint32_t i = 0; i < span.count; ++i) send_chunk(device, span.first + i);
    }
  }
  // Everything a device does until it has a receipt or was told to stop; nothing is lost on the way.
  void upload(const TestDevice& device) {
    for (int turn = 0; turn < 20 && !receipts.contains(device.id); ++turn) {
      credits.erase(device.id);
      request(device);
      const auto credit = credits.find(device.id);
      if (credit == credits.end()) return;
      if (credit->second.empty()) {
        happen(device.header(plan_));
      } else {
        send_granted(device);
      }
      sync();
    }
  }
  void upload(std::uint8_t number) { upload(device(number)); }

  // The writer commits: chunks first, then rows, then what waits for them.
  void sync() {
    while (!unsynced_.empty() || !unsynced_chunks_.empty()) {
      disk_.chunks.insert(disk_.chunks.end(), unsynced_chunks_.begin(), unsynced_chunks_.end());
      unsynced_chunks_.clear();
      const auto rows = std::exchange(unsynced_, {});
      for (const auto& row : rows) std::visit([&](const auto& effect) { write(effect); }, row);
      for (const auto& row : rows) std::visit([&](const auto& effect) { answer(effect); }, row);
    }
  }

  void crash() {
    ++crashes;
    unsynced_.clear();
    unsynced_chunks_.clear();
    if (disk_closed_) return;
    auto [round, effects] = Round::recover(plan_, limits_, expected_, disk_, now_);
    round_ = std::move(round);
    carry_out(std::move(effects));
  }

  // Mode pairwise: one answer of a holder, right or not.
  void reveal(std::uint8_t number, std::uint32_t place, std::vector<bool> opened) {
    Bytes entries(opened.size(), number);
    happen(RevealArrived{device_id(number), place, std::move(opened), std::move(entries)});
  }
  // Everything a holder does until nothing is missing.
  void open_shares(std::uint8_t number) {
    shares_sent.erase(device_id(number));
    happen(SharesAsked{device_id(number), 0});
    for (int turn = 0; turn < 20; ++turn) {
      const auto asked = shares_sent.find(device_id(number));
      if (asked == shares_sent.end() || asked->second.shares.empty()) return;
      const auto [device, holder, place, shares] = asked->second;
      reveal(number, place, std::vector<bool>(shares.size(), true));
      sync();
    }
  }

  const Recovered& disk() const { return disk_; }
  bool disk_closed() const { return disk_closed_; }

 private:
  struct Crash {};

  void carry_out(Effects effects) {
    for (const auto& effect : effects) {
      if (crash_at == carried_out++) {
        crash_at.reset();
        return crash();
      }
      std::visit([&](const auto& known) { carry_out_one(known); }, effect);
    }
  }

  void carry_out_one(const GrantCredit& e) { credits[e.device] = e.spans; }
  void carry_out_one(const SendReceipt& e) { receipts.insert(e.device); }
  void carry_out_one(const SendReject& e) { rejects.insert_or_assign(e.device, e); }
  void carry_out_one(const StoreContribution& e) { unsynced_.push_back(e); }
  void carry_out_one(const ForgetContribution& e) { unsynced_.push_back(e); }
  void carry_out_one(const FixSurvivors& e) {
    fixed.push_back(e);
    unsynced_.push_back(e);
  }
  void carry_out_one(const ComputeSum& e) {
    Bytes words;
    for (const auto& survivor : e.survivors) words.push_back(survivor.device.bytes[0]);
    computed_.push_back({e.survivors_hash, words});
  }
  void carry_out_one(const SubmitSum& e) {
    sums.push_back(e);
    unsynced_.push_back(e);
  }
  void carry_out_one(const Abandon& e) { abandons.push_back(e); }
  void carry_out_one(const RetireOffer&) { ++retired; }
  void carry_out_one(const DeleteUpdates& e) {
    ++deleted;
    unsynced_.push_back(e);
  }

  void carry_out_one(const ShowClosing& e) { closings.push_back(e); }
  void carry_out_one(const StoreVow& e) { unsynced_.push_back(e); }
  void carry_out_one(const ShowVow& e) { vows_shown.emplace(e.witness, e.signature); }
  void carry_out_one(const SendShares& e) { shares_sent.insert_or_assign(e.device, e); }
  void carry_out_one(const StoreReveal& e) {
    reveals_stored.push_back(e);
    unsynced_.push_back(e);
  }

  void write(const StoreVow& e) { disk_.vows.push_back(e); }
  void write(const StoreReveal& e) { disk_.reveals.push_back({e.device, e.place, e.opened}); }
  void write(const StoreContribution& e) { disk_.contributions.push_back(e.contribution); }
  void write(const ForgetContribution& e) {
    std::erase_if(disk_.contributions, [&](const auto& held) { return held.device == e.device; });
  }
  void write(const FixSurvivors& e) {
    disk_.survivors = e.devices;
    disk_.submitted = false;
  }
  void write(const SubmitSum&) { disk_.submitted = true; }
  void write(const DeleteUpdates&) { disk_closed_ = true; }
  void write(const Effect&) {}

  void answer(const StoreContribution& e) { happen(ContributionDurable{e.contribution.device}); }
  void answer(const StoreVow& e) { happen(VowDurable{e.witness}); }
  void answer(const StoreReveal& e) { happen(RevealDurable{e.device, e.place, e.opened}); }
  void answer(const FixSurvivors& e) { happen(SurvivorsDurable{e.survivors_hash}); }
  void answer(const Effect&) {}

 public:
  // The workers finish what they were given.
  void compute() {
    for (const auto& sum : std::exchange(computed_, {})) {
      if (wrong_secrets.empty()) {
        happen(sum);
      } else {
        happen(SecretsWrong{sum.survivors_hash, wrong_secrets});
      }
    }
    sync();
  }

 private:
  Instant now_{1000};
  Plan plan_;
  Limits limits_;
  std::vector<DeviceId> expected_;
  Round round_;
  std::map<DeviceId, TestDevice> fleet_;
  Recovered disk_;
  bool disk_closed_ = false;
  std::vector<ChunkStored> unsynced_chunks_;
  std::vector<Effect> unsynced_;
  std::vector<SumReady> computed_;
};

}  // namespace tributary::gateway::round
