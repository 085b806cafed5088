// When the roster goes to the coordinator: shortly after the last change, so that a fleet that joins
// together is uploaded together.
#pragma once

#include <memory>
#include <optional>

#include "gateway/engine/clock.hpp"

namespace tributary::gateway::engine {

// A roster that is durable here; contexts may name its hash.
struct KnownRoster {
  Hash hash;
  std::string content;
};

class RosterBoard {
 public:
  static constexpr std::chrono::milliseconds quiet{300};
  static constexpr std::chrono::milliseconds longest_wait{2000};

  void changed(round::Instant now) {
    if (!first_change_) first_change_ = now;
    last_change_ = now;
  }
  // True once per series of changes, when it is time to make a new roster.
  bool due(round::Instant now) {
    if (!first_change_) return false;
    if (now - last_change_ < quiet && now - *first_change_ < longest_wait) return false;
    first_change_.reset();
    return true;
  }

  void stored(KnownRoster roster) {
    newest_ = std::make_shared<const KnownRoster>(std::move(roster));
  }
  std::shared_ptr<const KnownRoster> newest() const { return newest_; }  // nullptr: none yet

 private:
  std::optional<round::Instant> first_change_;
  round::Instant last_change_{};
  std::shared_ptr<const KnownRoster> newest_;
};

}  // namespace tributary::gateway::engine
