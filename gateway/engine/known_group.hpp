// A group of mode pairwise at this gateway: signed by the coordinator, its members found in a roster of
// this gateway and proven to be those under the group's root.
#pragma once

#include <memory>
#include <variant>

#include "crypto/pairwise/member_tree.hpp"
#include "device-protocol/cpp/group.hpp"
#include "gateway/engine/identity.hpp"
#include "gateway/round/pairwise_terms.hpp"
#include "uplink.pb.h"

namespace tributary::gateway::engine {

// Immutable. Memory: about 700 bytes per member.
struct KnownGroup {
  wire::Group terms;
  std::string body;       // serialized Group
  std::string signature;  // the coordinator's
  Hash roster;
  pairwise::Graph graph;
  std::vector<DeviceId> members;  // ascending; the rest is in the same order
  std::vector<v1::CertifiedKey> certified;
  std::vector<VerifyKey> identities;
  std::vector<ExchangeKey> keys;
  pairwise::MemberTree tree;

  std::optional<std::uint32_t> index_of(const DeviceId& device) const;
  v1::Member member(std::uint32_t index) const;
};
using GroupPtr = std::shared_ptr<const KnownGroup>;

// The text names what is wrong with the offer. `roster`: content of the roster it names.
std::variant<GroupPtr, std::string> read_group(const Identity& identity,
                                               const v1::GroupOffer& offer,
                                               std::string_view roster);

// What a round of `slot` needs of the group.
std::shared_ptr<const round::PairwiseTerms> round_terms(const KnownGroup& group, std::uint32_t slot,
                                                        std::chrono::seconds witness_time,
                                                        std::chrono::seconds reveal_time);

}  // namespace tributary::gateway::engine
