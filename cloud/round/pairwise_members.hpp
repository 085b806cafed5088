// The members of the task spec that are of mode pairwise, read and written.
#pragma once

#include "cloud/round/members.hpp"

namespace tributary::cloud::round {

// Call when everything else of the spec was read: fills spec.pairwise in mode pairwise, checks what the mode
// rules out, and that the smallest group with n_min survivors has parameters. `given`: the member, or nullptr.
void read_pairwise(const boost::json::object* given, std::vector<SpecFault>& faults,
                   TaskSpec& spec);
boost::json::object pairwise_json(const PairwiseSpec& spec);

}  // namespace tributary::cloud::round
