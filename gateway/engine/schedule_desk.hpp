// Rounds this gateway invites to (PROTOCOL.md 13): keeps what is known of each device, asks gateway/scheduling
// for the choice, and retains invitations. What it publishes follows from what is committed.
#pragma once

#include "device-protocol/cpp/context.hpp"
#include "gateway/engine/clock.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/engine/log.hpp"
#include "gateway/engine/retained.hpp"
#include "gateway/engine/writer.hpp"
#include "gateway/metrics.hpp"
#include "gateway/scheduling/pace.hpp"

namespace tributary::gateway::engine {

// Of the io_context thread.
class ScheduleDesk {
 public:
  struct Surroundings {
    const Identity& identity;
    const Clock& clock;
    Log log;
    Writer& writer;
    Retained& retained;
    Metrics& metrics;
    std::function<bool()> keep_awake;  // a round of another kind is open: nobody is sent to sleep
  };
  struct Kept {
    std::vector<StoredChoice> choices;
    std::vector<StoredRecord> records;
  };
  ScheduleDesk(Surroundings surroundings, const Kept& kept);

  // A state that a listed device announced, decoded and in its ranges.
  void heard(const DeviceId& device, const v1::DeviceState& state);
  void revoked(const DeviceId& device);

  // A choice that is made and not yet entered: nothing has changed.
  struct Draft {
    scheduling::Choice choice;
    std::vector<DeviceId> chosen;  // ascending
    std::chrono::seconds wait;     // until the chosen ought to be done, within `left`
  };
  // `devices`: those of the roster that are allowed. `left`: until the context's deadline.
  Draft choose(const wire::Context& context, const std::vector<DeviceId>& devices,
               std::chrono::seconds left) const;
  // The round is opened with this draft. What it returns belongs into the round's transaction; then invite().
  [[nodiscard]] std::function<void(Store&)> enter(const wire::Context& context, const Draft& draft);
  void invite(const Hash& ctx_hash);

  // Of a round that was open before a restart: whom it had chosen, ascending; nullopt: that is lost.
  // `contributors` are done. invite() tells the others again.
  std::optional<std::vector<DeviceId>> resume(const Hash& ctx_hash,
                                              const std::vector<DeviceId>& contributors);

  // A contribution is durable. The device may leave until its turn comes again.
  void contributed(const Hash& ctx_hash, const DeviceId& device);
  // The round takes no uploads any more. `complete`: it has all it wanted, so nobody has failed it.
  void closed(const Hash& ctx_hash, bool complete);

 private:
  struct Known {
    scheduling::Record record;
    scheduling::Time come_back_at{};
  };
  struct OpenChoice {
    TaskId task;
    std::vector<scheduling::Decision> decisions;
    std::map<DeviceId, scheduling::Time> working;  // chosen and not done, since when
  };
  scheduling::Time now() const { return around_.clock.wall(); }
  const scheduling::Rhythm& rhythm(const TaskId& task) const;
  bool busy(const DeviceId& device) const;
  void send(const DeviceId& device, const Hash* ctx_hash, scheduling::Time come_back_at);
  void send_away(const OpenChoice& choice, const scheduling::Decision& decision);
  void keep(const std::vector<DeviceId>& devices);

  Surroundings around_;
  std::map<DeviceId, Known> devices_;
  std::map<TaskId, scheduling::Rhythm> rhythms_;
  std::map<Hash, OpenChoice> open_;
  std::map<Hash, StoredChoice> stored_;  // of the start, for resume()
  std::uint64_t sequence_ = 0;           // of invitations given out
};

// "chosen 12, battery 3"
std::string reasons_of(const scheduling::Choice& choice);

}  // namespace tributary::gateway::engine
