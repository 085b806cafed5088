// The rounds of this site: feeds events to their machines and carries out the effects in order.
// All effects of one event that change the disk are one transaction.
#pragma once

#include <deque>
#include <list>
#include <set>

#include "device-protocol/cpp/frame.hpp"
#include "gateway/engine/answers.hpp"
#include "gateway/engine/disk_space.hpp"
#include "gateway/engine/forward.hpp"
#include "gateway/engine/group_desk.hpp"
#include "gateway/engine/open_round.hpp"
#include "gateway/engine/pair_keys.hpp"
#include "gateway/engine/schedule_desk.hpp"
#include "gateway/engine/site_board.hpp"
#include "gateway/engine/site_sum.hpp"
#include "gateway/engine/submit.hpp"

namespace tributary::gateway::engine {

// What the disk knows of an open round at start.
struct RoundOnDisk {
  StoredRound round;
  std::vector<round::Contribution> contributions;
  std::optional<std::string> roster;
  std::string model;
  std::vector<round::StoreVow> vows = {};  // mode pairwise
  std::vector<round::StoreReveal> reveals = {};
  std::vector<Bytes> heads = {};  // of the round's slot
};

class Rounds {
 public:
  // Belongs to the io_context thread; everything referred to outlives it.
  struct Surroundings {
    const Submit& submit;
    const Identity& identity;
    const Clock& clock;
    const Log& log;
    Writer& writer;
    PairKeys& pair_keys;
    Answers& answers;
    SiteBoard& board;
    Metrics& metrics;
    std::function<void()> outbox_grew;
    GroupDesk& groups;
    Retained& retained;
    ScheduleDesk& schedule;
  };
  struct Options {
    std::filesystem::path journals;  // folder, exists
    std::uint64_t store_bytes;
    std::uint64_t rule_bytes;  // memory for a rule over devices
    round::Limits limits;      // credit_chunks is set per round from credit_bytes
    std::size_t credit_bytes;
    std::uint64_t outbox_bytes;  // those waiting, and the sums of open rounds
  };
  static constexpr std::uint64_t outbox_messages = 10'000;

  Rounds(Surroundings surroundings, Options options);

  // Continues a round after a restart; `allowed` as in open().
  using Allowed = std::function<bool(const DeviceId&)>;
  void resume(RoundOnDisk on_disk, const Allowed& allowed);
  // A round that ended before: never opened again.
  void remember_ended(const Hash& ctx_hash);

  bool knows(const Hash& ctx_hash) const;
  // Opens a round whose roster and model are here. Devices that are not `allowed` take no part.
  // The text says why it cannot be opened now.
  std::optional<std::string> open(Admitted admitted, const v1::Offer& offer,
                                  std::string_view roster, std::shared_ptr<const std::string> model,
                                  const Allowed& allowed);

  // Messages of certified devices.
  void request(const DeviceId& device, const v1::UploadRequest& message);
  void chunk(const DeviceId& device, ByteView frame);
  void header(const DeviceId& device, const v1::UploadHeader& message);
  // Of mode pairwise (pairwise_messages.cpp).
  void vow(const DeviceId& device, const v1::Vow& message);
  void shares(const DeviceId& device, const v1::SharesRequest& message);
  void reveal(const DeviceId& device, const v1::Reveal& message);

  // VOIDs of earlier rounds, for the devices that ask for them (rule D3); those of now.
  void show_voids(const Hash& ctx_hash, const SiteBoard::Voids& voids);
  void dropped(const Hash& ctx_hash, const std::vector<round::DevicesDropped>& refusals);
  void outcome(const Hash& ctx_hash, bool released);
  // Ends rounds that are long past and not among those the coordinator's work speaks of.
  void forget_absent(const std::set<Hash>& spoken_of);
  void revoked(const std::vector<DeviceId>& devices);
  void tick();

  const Admitted* admitted(const Hash& ctx_hash) const;  // of a round that is not over
  std::size_t open_count() const;
  std::set<TaskId> open_tasks() const;
  bool collecting_uninvited() const;  // a round in which devices decide by themselves
  // What waits for the coordinator now; the sender tells after each look.
  void outbox_holds(storage::Outbox::Size size) { outbox_ = size; }
  void writer_stalled(const std::string& why) { stalled_ = why; }
  // Why uploads are refused for lack of space; empty: they are not.
  std::string storage_fault() const;

 private:
  struct Step;  // round_step.hpp
  OpenRound* find(const Hash& ctx_hash);
  OpenRound* find_by_tag(const wire::FrameTag& tag);
  OpenRound* enter(OpenRound round);
  void post_offer(const OpenRound& round);
  void feed(OpenRound& round, const round::Event& event);
  void feed(const Hash& ctx_hash, const round::Event& event);
  void carry_out(OpenRound& round, round::Effects effects);
  void carry_out(OpenRound& round, round::GrantCredit& effect, Step& step);
  void carry_out(OpenRound& round, round::SendReceipt& effect, Step& step);
  void carry_out(OpenRound& round, round::SendReject& effect, Step& step);
  void carry_out(OpenRound& round, round::StoreContribution& effect, Step& step);
  void carry_out(OpenRound& round, round::ForgetContribution& effect, Step& step);
  void carry_out(OpenRound& round, round::FixSurvivors& effect, Step& step);
  void carry_out(OpenRound& round, round::ComputeSum& effect, Step& step);
  void carry_out(OpenRound& round, round::SubmitSum& effect, Step& step);
  void carry_out(OpenRound& round, round::Abandon& effect, Step& step);
  void carry_out(OpenRound& round, round::RetireOffer& effect, Step& step);
  void carry_out(OpenRound& round, round::DeleteUpdates& effect, Step& step);
  void carry_out(OpenRound& round, round::ShowClosing& effect, Step& step);
  void carry_out(OpenRound& round, round::StoreVow& effect, Step& step);
  void carry_out(OpenRound& round, round::ShowVow& effect, Step& step);
  void carry_out(OpenRound& round, round::SendShares& effect, Step& step);
  void carry_out(OpenRound& round, round::StoreReveal& effect, Step& step);
  void commit(Step step);
  void put(Step& step, Forward forward);
  void start_sum(OpenRound& round, round::ComputeSum sum);
  void finish_sum(const Hash& ctx_hash, const Hash& survivors_hash, SiteSum sum);
  // Mode pairwise (pairwise_effects.cpp).
  std::variant<std::shared_ptr<PairwiseRound>, std::string> pairwise_for(
      const wire::Context& context);
  void show_heads(const OpenRound& round);
  void read_reveals(OpenRound& round, round::ComputeSum sum);
  void start_pairwise_sum(OpenRound& round, const round::ComputeSum& sum,
                          std::vector<round::StoreReveal> reveals);
  void secrets_wrong(OpenRound& round, const Hash& survivors_hash,
                     std::vector<std::uint32_t> owners);
  void clear_pairwise(const OpenRound& round, Step& step);
  std::vector<DeviceId> expected_again(const wire::Context& context, const DeviceKeys& keys,
                                       const PairwiseRound* pairwise, const Allowed& allowed,
                                       const std::vector<DeviceId>& contributors);
  std::optional<ScheduleDesk::Draft> draft_for(const wire::Context& context, const DeviceKeys& keys,
                                               const Allowed& allowed,
                                               std::chrono::seconds left) const;
  static round::Plan plan_for(const Admitted& admitted, const PairwiseRound* pairwise,
                              round::Instant deadline);
  void delete_journal(OpenRound& round);
  void store_chunk(OpenRound& round, const round::ChunkStored& chunk, ByteView sealed);
  const crypto::PairKey* pair_key(const OpenRound& round, const DeviceId& device);
  round::Limits limits_for(const WordLayout& layout) const;
  static std::vector<DeviceId> expected(const wire::Context& context, const DeviceKeys& keys,
                                        const PairwiseRound* pairwise, const Allowed& allowed);
  std::uint64_t journal_bytes() const;
  std::optional<std::string> outbox_fault(const wire::Context& context) const;
  void count_phases();

  Surroundings around_;
  Options options_;
  DiskSpace space_;
  std::list<OpenRound> rounds_;  // also the last ended one of each task, to repeat receipts
  std::set<Hash> ended_;         // the newest of them, see ended_order_
  std::deque<Hash> ended_order_;
  bool storage_full_ = false;
  std::string stalled_;  // what the writer waits for
  storage::Outbox::Size outbox_{};
};

}  // namespace tributary::gateway::engine
