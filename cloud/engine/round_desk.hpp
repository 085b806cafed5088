// Open rounds: takes what gateways and helpers say, makes it durable, carries out what the round
// machine decides, and closes rounds.
#pragma once

#include <memory>

#include "cloud/engine/identity.hpp"
#include "cloud/engine/outcomes.hpp"
#include "cloud/engine/revisions.hpp"
#include "cloud/engine/round_run.hpp"
#include "cloud/engine/task_board.hpp"
#include "cloud/round/combine.hpp"

namespace tributary::cloud::engine {

// The parts of the coordinator that rounds touch; all outlive the desk.
struct Desk {
  store::Store& store;
  Fleet& fleet;
  TaskBoard& board;
  Revisions& revisions;
  const Identity& identity;
  const World& world;
  Observer& observer;
};

// Of the owner's thread; only masks and averages are computed elsewhere. Throws storage::Failure;
// the round is then as the store has it.
class RoundDesk {
 public:
  explicit RoundDesk(const Desk& desk);

  // Resumes the rounds that were open; call once, before anything else.
  void resume();
  // Issues the signed contexts of the task's next round. The task has no open round.
  void open(const Task& task, const round::RoundPlan& plan,
            const std::vector<round::GatewayFacts>& facts);
  // `closed`: a round of this task has ended, whatever the outcome.
  void when_closed(std::function<void(const TaskId&)> closed) { closed_ = std::move(closed); }

  // Bodies of the routes /v1/rounds/{ctx_hash}/.. from the TLS client `gateway`. Done: recorded now
  // or before.
  Result<> put_sum(const GatewayId& gateway, const Hash& ctx_hash, const std::string& body);
  Result<> put_mask_sum(const GatewayId& gateway, const Hash& ctx_hash, const std::string& body);
  Result<> put_refusal(const GatewayId& gateway, const Hash& ctx_hash, const std::string& body);
  Result<> put_abandon(const GatewayId& gateway, const Hash& ctx_hash, const std::string& body);
  Result<> put_void(const GatewayId& gateway, const std::string& body);

  void tick();  // deadlines
  // Ends the task: abandons its open round, if there is one.
  void stop(const TaskId& task, const std::string& reason);

  const RoundRun* open_round(const TaskId& task) const;
  const std::map<TaskId, std::unique_ptr<RoundRun>>& runs() const { return runs_; }
  const Outcomes& outcomes() const { return outcomes_; }

 private:
  struct Place {
    TaskId task;
    std::size_t part;  // of a wider scope's question: its first
  };
  // What a sender says, read and verified.
  struct Said;

  std::optional<Place> place(const Hash& ctx_hash) const;
  // The context that a statement of this hash is kept under: its own, or that of a wider scope's first gateway.
  Hash kept_under(const Hash& ctx_hash, bool from_helper);
  Result<> take(const Hash& ctx_hash, const Said& said, const std::string& body);
  Result<> take_late(const Hash& ctx_hash, const Said& said);
  template <class Message>
  std::variant<Said, Declined> read(const GatewayId& sender, const Hash& ctx_hash,
                                    const std::string& body);
  template <class Message>
  Result<> put(const GatewayId& sender, const Hash& ctx_hash, const std::string& body);

  void carry_out(const TaskId& task, const std::vector<round::Effect>& effects);
  void ask(const TaskId& task, std::size_t part);
  void combine(const TaskId& task, std::size_t part);
  void combined(const store::RoundKey& key, std::size_t part, round::UnmaskedPart result,
                double seconds);
  void average(const TaskId& task);
  void release(const store::RoundKey& key, round::NextModel next);
  void abandon(const TaskId& task, const round::Abandon& abandon);
  struct Renewed {
    store::ModelRow row;
    Bytes content;
  };
  std::optional<Renewed> renewed_model(const RoundRun& run);
  void record_releases(const RoundRun& run, const Hash& next_model);
  void close(const TaskId& task);
  void reload(const TaskId& task);
  void retry_later(const TaskId& task);
  void end_atomically(const TaskId& task, const std::function<void()>& work);
  void part_changed(const RoundRun& run, std::size_t part);

  Desk desk_;
  std::map<TaskId, std::unique_ptr<RoundRun>> runs_;  // at most one per task
  std::map<Hash, Place>
      places_;  // of the contexts, and the questions of wider scopes, of open rounds
  Outcomes outcomes_;
  std::function<void(const TaskId&)> closed_;
  std::set<TaskId> stopping_;
  std::map<TaskId, store::Time> retries_;  // rounds whose end could not be written
};

}  // namespace tributary::cloud::engine
