// The helper role away from the owner's thread: peers' sum requests in, signed answers out.
#pragma once

#include <memory>
#include <variant>

#include "gateway/engine/clock.hpp"
#include "gateway/engine/forward.hpp"
#include "gateway/engine/submit.hpp"
#include "gateway/helper/helper_role.hpp"
#include "gateway/metrics.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::engine {

class HelperDesk {
 public:
  // Takes the role over: nobody else calls it any more. `submit` runs one job after the other.
  HelperDesk(Submit submit, std::unique_ptr<helper::HelperRole> role, const Clock& clock,
             Metrics& metrics);

  // Serialized CertifiedKey of the current epoch.
  const std::string& certified_key() const { return certified_key_; }

  struct Outcome {
    std::optional<Forward> forward;            // to be put into the outbox
    std::string text;                          // for the log, empty: nothing to say
    std::optional<std::chrono::seconds> wait;  // nothing was decided, ask again
  };
  using Done = std::function<void(Outcome)>;
  // `done` runs on the owner's thread. `roster` are the bytes of the roster the context names.
  void answer(v1::SumRequest request, std::shared_ptr<const std::string> roster, Done done);
  void void_scope(v1::RoundScope scope, Done done);
  // Begins a new epoch when it is time; `changed` runs when certified_key() is another.
  void tick(std::function<void()> changed);

 private:
  Outcome decide(const v1::SumRequest& request, const std::string& roster);
  Outcome finish(const helper::Job& job);
  Outcome promise(const v1::RoundScope& scope);
  void run(std::function<Outcome()> work, Done done);

  Submit submit_;
  std::unique_ptr<helper::HelperRole> role_;  // of the jobs submitted
  const Clock& clock_;
  Metrics& metrics_;
  std::string certified_key_;
  helper::UnixTime epoch_ends_;
  bool rotating_ = false;
};

}  // namespace tributary::gateway::engine
