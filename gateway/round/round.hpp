// One round at one site as a pure state machine: events in, effects out (see gateway/README.md).
// It reads no clock, file or socket; the same events at the same times give the same effects.
#pragma once

#include <set>

#include "gateway/round/effect.hpp"
#include "gateway/round/event.hpp"
#include "gateway/round/phase.hpp"
#include "gateway/round/plan.hpp"

namespace tributary::gateway::round {

// What the disk knows of a round after a crash.
struct Recovered {
  std::vector<Contribution> contributions;
  std::vector<ChunkStored> chunks;                 // of the journal, in its order
  std::optional<std::vector<DeviceId>> survivors;  // the newest fixed set, ascending
  bool submitted = false;                          // the sum for it is in the outbox or beyond
  std::vector<StoreVow> vows = {};                 // mode pairwise, as stored
  std::vector<RevealDurable> reveals = {};
};

class Round {
 public:
  // `expected`: the devices that are in the round's roster and selected, ascending.
  Round(const Plan& plan, const Limits& limits, std::vector<DeviceId> expected, Instant now);
  // Continues from the disk. The effects are what a crash may have interrupted.
  static std::pair<Round, Effects> recover(const Plan& plan, const Limits& limits,
                                           std::vector<DeviceId> expected, Recovered recovered,
                                           Instant now);

  // What to do with a chunk before its tag is verified.
  enum class Verdict { wanted, known, refused };
  struct Judgement {
    Verdict verdict;
    v1::RejectReason reason = v1::REJECT_REASON_UNSPECIFIED;  // refused
    std::uint32_t retry_after_seconds = 0;                    // refused
  };
  Judgement judge_chunk(const DeviceId& device, const Nonce& nonce, std::uint32_t index,
                        std::uint32_t total) const;

  // Times never go back.
  Effects on(const Event& event, Instant now);

  const Plan& plan() const { return plan_; }
  const Phase& phase() const { return phase_; }
  bool collecting() const { return std::holds_alternative<Collecting>(phase_); }
  bool closed() const { return std::holds_alternative<Closed>(phase_); }
  std::size_t expected() const { return expected_.size(); }
  std::size_t contributions() const { return entries_.size(); }
  std::size_t receipted() const { return durable_; }
  // Of a device that has a contribution here, also after the round has closed.
  const Contribution* contribution(const DeviceId& device) const;

 private:
  struct Entry {
    Contribution contribution;
    bool durable;
  };

  void react(Collecting& phase, const UploadRequested& event);
  void react(Collecting& phase, const ChunkStored& event);
  void react(Collecting& phase, const HeaderArrived& event);
  void react(Collecting& phase, const ContributionDurable& event);
  void react(Collecting& phase, const DeviceRevoked& event);
  void react(Collecting& phase, const Tick& event);
  void react(Summing& phase, const ContributionDurable& event);
  void react(Summing& phase, const SurvivorsDurable& event);
  void react(Summing& phase, const SumReady& event);
  void react(Summing& phase, const SumFailed& event);
  // Mode pairwise (pairwise_phases.cpp).
  void react(Witnessing& phase, const VowArrived& event);
  void react(Witnessing& phase, const VowDurable& event);
  void react(Witnessing& phase, const Tick& event);
  void react(Revealing& phase, const SharesAsked& event);
  void react(Revealing& phase, const RevealArrived& event);
  void react(Revealing& phase, const RevealDurable& event);
  void react(Revealing& phase, const SecretsWrong& event);
  void react(Revealing& phase, const SumReady& event);
  void react(Revealing& phase, const SumFailed& event);
  void react(Revealing& phase, const Tick& event);
  void react(Submitted& phase, const SharesAsked& event);
  void react(Submitted& phase, const RevealArrived& event);
  void react(Closed& phase, const SharesAsked& event);
  void react(Closed& phase, const RevealArrived& event);

  template <class AnyPhase>
  void react(AnyPhase& phase, const UploadRequested& event);
  template <class AnyPhase>
  void react(AnyPhase& phase, const HeaderArrived& event);
  template <class AnyPhase>
  void react(AnyPhase& phase, const DevicesDropped& event);
  template <class AnyPhase>
  void react(AnyPhase& phase, const OutcomeArrived& event);
  // Every other pair: the event says nothing in this phase.
  template <class AnyPhase, class AnyEvent>
  void react(AnyPhase&, const AnyEvent&) {}

  bool is_expected(const DeviceId& device) const;
  bool answer_contributor(const DeviceId& device, const Nonce& nonce);
  Upload* begin_upload(Collecting& phase, const DeviceId& device, const Nonce& nonce);
  void ask_for_chunks(Collecting& phase, const DeviceId& device, Upload& upload);
  void admit_waiting(Collecting& phase);
  void accept(Collecting& phase, const Contribution& contribution);
  bool wants_to_close(const Collecting& phase) const;
  void close_if_due(Collecting& phase);
  void turn_away(const Collecting& phase);
  void give_up(std::string reason);
  Survivors fix(std::vector<DeviceId> devices) const;
  void announce(const Survivors& survivors);
  std::vector<Contribution> contributions_of(const std::vector<DeviceId>& devices) const;
  void receipt(const DeviceId& device);
  void reject(const DeviceId& device, const Nonce& nonce, v1::RejectReason reason,
              std::uint32_t retry_after_seconds = 0);
  void submit(Survivors survivors, const Bytes& words);
  void begin_witnessing(Survivors survivors);
  void begin_revealing(Survivors survivors);
  void send_shares(const Survivors& survivors, std::uint32_t holder, std::uint32_t place);
  void nothing_missing(const DeviceId& device, std::uint32_t place);
  void compute_if_complete(Revealing& phase);
  void restore(Recovered recovered);
  void restore_uploads(const std::vector<ChunkStored>& chunks);
  void restore_witnessing(Survivors survivors, const Recovered& recovered);

  Plan plan_;
  Limits limits_;
  std::vector<DeviceId> expected_;
  std::map<DeviceId, Entry> entries_;
  std::size_t durable_ = 0;
  Phase phase_;
  Instant now_;      // of the event at hand
  Effects effects_;  // of the event at hand
};

}  // namespace tributary::gateway::round
