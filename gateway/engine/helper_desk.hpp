// The helper role away from the owner's thread: peers' sum requests in, signed answers out.
#pragma once

#include <memory>
#include <variant>

#include "gateway/engine/clock.hpp"
#include "gateway/engine/forward.hpp"
#include "gateway/engine/submit.hpp"
#include "gateway/helper/errand.hpp"
#include "gateway/metrics.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::engine {

class HelperDesk {
 public:
  // Takes the role over: nobody else calls it any more. `submit` runs one job after the other. `broken`: the
  // role's disk failed, nothing is answered any more and the program is to end.
  HelperDesk(Submit submit, std::unique_ptr<helper::HelperRole> role, const Clock& clock,
             Metrics& metrics, std::function<void(const std::string& why)> broken);

  // Serialized CertifiedKey of the current epoch.
  const std::string& certified_key() const { return certified_key_; }

  struct Outcome {
    std::optional<Forward> forward;            // to be put into the outbox
    std::string text;                          // for the log, empty: nothing to say
    std::optional<std::chrono::seconds> wait;  // nothing was decided, ask again
  };
  using Done = std::function<void(Outcome)>;
  // The bytes of the rosters the contexts name, one for each leaf, at least one.
  using Rosters = std::vector<std::shared_ptr<const std::string>>;
  // `done` runs on the owner's thread; never, when the disk failed.
  void answer(v1::SumRequest request, Rosters rosters, Done done);
  void answer(v1::JointRequest request, Rosters rosters, Done done);
  void void_scope(v1::RoundScope scope, Done done);
  // Begins a new epoch when it is time; `changed` runs when certified_key() is another.
  void tick(std::function<void()> changed);

 private:
  bool fails(const helper::Errand& errand);
  Outcome outcome_of(helper::Errand errand, std::chrono::duration<double> took);
  void run(std::function<helper::Errand()> work, Done done);

  Submit submit_;
  std::unique_ptr<helper::HelperRole> role_;  // of the jobs submitted
  const Clock& clock_;
  Metrics& metrics_;
  std::string certified_key_;
  helper::UnixTime epoch_ends_;
  std::function<void(const std::string&)> broken_;
  bool rotating_ = false;
};

}  // namespace tributary::gateway::engine
