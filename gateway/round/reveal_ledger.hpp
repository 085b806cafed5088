// Which shares of a round's secrets are durable here: per holder what it has answered, per owner how many
// of its shares were opened and how many it takes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "gateway/round/plan.hpp"

namespace tributary::gateway::round {

// Memory: a bit per edge of the graph, 4 bytes per member.
class RevealLedger {
 public:
  explicit RevealLedger(std::shared_ptr<const PairwiseTerms> terms);

  // A holder's answers from `place` on are durable. What it answered before stays as it was.
  void enter(std::uint32_t holder, std::uint32_t place, const std::vector<bool>& opened);
  // Whether all of `count` places from this one on are answered. False past the last place.
  bool answered(std::uint32_t holder, std::uint32_t place, std::size_t count) const;
  // The shares there are do not give this owner's secret: it takes one more than there are.
  void need_more(std::uint32_t owner);

  bool complete() const { return lacking_ == 0; }  // every secret has the shares it takes
  std::size_t lacking() const { return lacking_; }
  // The first member whose secret lacks shares, and how many it has.
  struct Lack {
    std::uint32_t owner;
    std::uint32_t shares;
  };
  std::optional<Lack> first_lack() const;

 private:
  struct Owner {
    std::uint16_t shares = 0;
    std::uint16_t needed = 0;
  };
  std::shared_ptr<const PairwiseTerms> terms_;
  std::vector<std::vector<bool>> answered_;  // [holder][place]; empty until it answers
  std::vector<Owner> owners_;
  std::size_t lacking_;
};

}  // namespace tributary::gateway::round
