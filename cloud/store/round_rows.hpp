// Rounds, their parts at the gateways, and the events an open round is replayed from.
#pragma once

#include "cloud/store/rows.hpp"
#include "storage/database.hpp"

namespace tributary::cloud::store {

// Of the database's thread. Every call throws storage::Failure.
class RoundRows {
 public:
  explicit RoundRows(storage::Database& database) : database_(database) {}

  void add(const RoundRow& round);
  void add_part(const PartRow& part, std::uint32_t position);
  void add_event(const EventRow& event);

  // Writes state, reason, results and closed_at; the part's counterpart its state and results.
  void close(const RoundRow& round);
  void close_part(const PartRow& part, Time ended);
  void forget_bodies(const RoundKey& key);  // of all events of the round

  std::vector<RoundRow> open();
  std::optional<RoundRow> open(const TaskId& task);  // the task's open round
  std::vector<RoundRow> of_task(const TaskId& task, std::uint64_t after, std::uint32_t limit);
  std::optional<RoundRow> find(const RoundKey& key);
  std::vector<PartRow> parts(const RoundKey& key);
  // Parts of the gateway in rounds that have ended, newest first.
  std::vector<PartRow> ended_parts(const GatewayId& gateway, std::uint32_t limit);
  std::optional<PartRow> part(const Hash& ctx_hash);
  // The context under which statements about the question `joint` are kept; nullopt: nobody was asked it.
  std::optional<Hash> asked(const Hash& joint);
  std::vector<EventRow> events(const RoundKey& key);  // in the order accepted
  std::vector<EventRow> events_of(const Hash& ctx_hash);

 private:
  storage::Database& database_;
};

}  // namespace tributary::cloud::store
