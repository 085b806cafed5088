// The Merkle tree over a group's members (PROTOCOL.md 10.1): whoever knows its root checks one
// member's keys with at most 13 hashes and without the others.
//   leaf_i = H("member", u32 i, H("cert", certificate body), H("epoch-key", epoch key body))
// A row is halved by H("members", left, right); an odd last hash goes up as it is. A path has the
// siblings from below, none where a hash went up as it is.
#pragma once

#include "crypto/hash.hpp"

namespace tributary::pairwise {

// The bodies of both Signed, as the bytes received.
Hash member_leaf(std::uint32_t index, ByteView certificate, ByteView epoch_key);

// Memory 64 bytes per member; immutable.
class MemberTree {
 public:
  // leaves[i] is of member i. Throws std::invalid_argument when there are none.
  explicit MemberTree(std::vector<Hash> leaves);

  std::uint32_t members() const { return static_cast<std::uint32_t>(rows_.front().size()); }
  const Hash& root() const { return rows_.back().front(); }
  // Throws std::out_of_range for an index >= members().
  std::vector<Hash> path(std::uint32_t index) const;

 private:
  std::vector<std::vector<Hash>> rows_;  // from the leaves up
};

struct MemberPlace {
  std::uint32_t index;
  std::uint32_t members;  // of the group
};
// Whether the path leads from the leaf at this place to the root. False too for an index >= members
// and for a path that is not exactly as long as the place's.
bool leads_to(const Hash& root, const Hash& leaf, const MemberPlace& place,
              std::span<const Hash> path);

}  // namespace tributary::pairwise
