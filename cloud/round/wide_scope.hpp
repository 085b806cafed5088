// A scope wider than a gateway within a round: its gateways' parts go from sum to total together. What a
// helper says is about the whole of it, under H("joint", ..) over the leaves it was asked for.
#pragma once

#include "cloud/round/outcome.hpp"
#include "cloud/round/part.hpp"
#include "crypto/upload.hpp"

namespace tributary::cloud::round {

// A view of a round's parts; outlived by them.
class WideScope {
 public:
  // The scope of this part, which is one of a wider scope.
  WideScope(std::vector<Part>& parts, std::size_t member);

  std::size_t first() const { return members_.front(); }

  // Events, as GlobalRound has them.
  Outcome on_asked(const Hash& joint);
  Outcome on_mask_sum(const MaskGiven& mask);
  Outcome on_refusal(const Refused& refusal);
  Outcome on_combined(const std::string& fault);

  // Whether it is time to ask. Leaves out a gateway that is alone: a total of one would be its own sum.
  bool ready();

 private:
  template <class Phase>
  std::vector<Part*> in() const;  // the leaves in this phase, in order
  void leave_out_all(const std::string& reason);
  Outcome superseded(const MaskGiven& mask);
  Outcome refused_anew(const Refused& refusal);
  void drop(Part& leaf, SumGiven sum, const Refused& refusal);

  std::vector<Part>& parts_;
  std::vector<std::size_t> members_;
};

// The parts of the same scope as part `member`, ascending by gateway; itself where its scope is the gateway.
std::vector<std::size_t> scope_members(const std::vector<Part>& parts, std::size_t member);
// The first of them: it stands for the scope in what is recorded.
std::size_t first_of_scope(const std::vector<Part>& parts, std::size_t member);
// The helpers that have answered for any of them.
std::set<HelperId> answered_in_scope(const std::vector<Part>& parts, std::size_t member);
// Whether it is time to ask: every gateway of the wider scope has given its sum or is left out, and more than one
// has given it.
bool may_ask(const std::vector<Part>& parts, std::size_t member);
// The leaves a question of a wider scope is over: those that have given their sums.
std::vector<crypto::JointLeaf> asked_leaves(const std::vector<Part>& parts, std::size_t member);

}  // namespace tributary::cloud::round
