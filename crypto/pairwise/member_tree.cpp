#include "crypto/pairwise/member_tree.hpp"

#include <stdexcept>

namespace tributary::pairwise {
namespace {

Hash parent(const Hash& left, const Hash& right) {
  return crypto::hash("members", {left.view(), right.view()});
}

// The last of an odd row has no sibling.
bool goes_up(std::size_t index, std::size_t width) {
  return index + 1 == width && width % 2 == 1;
}

std::vector<Hash> row_above(const std::vector<Hash>& row) {
  std::vector<Hash> above;
  above.reserve((row.size() + 1) / 2);
  for (std::size_t i = 0; i < row.size(); i += 2) {
    above.push_back(goes_up(i, row.size()) ? row[i] : parent(row[i], row[i + 1]));
  }
  return above;
}

}  // namespace

Hash member_leaf(std::uint32_t index, ByteView certificate, ByteView epoch_key) {
  return crypto::hash("member", {crypto::le32(index), crypto::hash("cert", {certificate}).view(),
                                 crypto::hash("epoch-key", {epoch_key}).view()});
}

MemberTree::MemberTree(std::vector<Hash> leaves) {
  if (leaves.empty()) throw std::invalid_argument("member tree: no members");
  rows_.push_back(std::move(leaves));
  while (rows_.back().size() > 1) rows_.push_back(row_above(rows_.back()));
}

std::vector<Hash> MemberTree::path(std::uint32_t index) const {
  if (index >= members()) throw std::out_of_range("member tree: no such member");
  std::vector<Hash> siblings;
  std::size_t at = index;
  for (const auto& row : rows_) {
    if (row.size() > 1 && !goes_up(at, row.size())) siblings.push_back(row[at ^ 1U]);
    at /= 2;
  }
  return siblings;
}

bool leads_to(const Hash& root, const Hash& leaf, const MemberPlace& place,
              std::span<const Hash> path) {
  if (place.index >= place.members) return false;
  Hash hash = leaf;
  std::size_t used = 0;
  std::size_t at = place.index;
  for (std::size_t width = place.members; width > 1; width = (width + 1) / 2, at /= 2) {
    if (goes_up(at, width)) continue;
    if (used == path.size()) return false;
    const Hash& sibling = path[used++];
    hash = at % 2 == 0 ? parent(hash, sibling) : parent(sibling, hash);
  }
  return used == path.size() && hash == root;
}

}  // namespace tributary::pairwise
