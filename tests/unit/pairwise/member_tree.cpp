// The Merkle tree of a group's members: what a path proves, and what it must not.
#include "crypto/pairwise/member_tree.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

namespace tributary::pairwise {
namespace {

std::vector<Hash> leaves(std::uint32_t n) {
  std::vector<Hash> made;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Bytes certificate = {1, static_cast<std::uint8_t>(i)};
    const Bytes key = {2, static_cast<std::uint8_t>(i)};
    made.push_back(member_leaf(i, certificate, key));
  }
  return made;
}

Hash both(const Hash& left, const Hash& right) {
  return crypto::hash("members", {left.view(), right.view()});
}

TEST_CASE("members: a leaf is the hash of index, certificate and epoch key") {
  const Bytes certificate = {7, 8};
  const Bytes key = {9};
  const Hash cert_hash = crypto::hash("cert", {certificate});
  const Hash key_hash = crypto::hash("epoch-key", {key});
  CHECK(member_leaf(258, certificate, key) ==
        crypto::hash("member", {Bytes{2, 1, 0, 0}, cert_hash.view(), key_hash.view()}));
}

TEST_CASE("members: the tree of five, written out") {
  const auto leaf = leaves(5);
  const Hash left = both(both(leaf[0], leaf[1]), both(leaf[2], leaf[3]));
  const MemberTree tree(leaf);
  CHECK(tree.root() == both(left, leaf[4]));
  CHECK(tree.path(2) == std::vector{leaf[3], both(leaf[0], leaf[1]), leaf[4]});
  CHECK(tree.path(4) == std::vector{left});
}

TEST_CASE("members: every path of every size leads to the root, and to no other place") {
  for (std::uint32_t n = 1; n <= 33; ++n) {
    const auto leaf = leaves(n);
    const MemberTree tree(leaf);
    for (std::uint32_t i = 0; i < n; ++i) {
      const auto path = tree.path(i);
      CHECK(leads_to(tree.root(), leaf[i], {i, n}, path));
      for (std::uint32_t other = 0; other < n; ++other) {
        if (other != i) CHECK_FALSE(leads_to(tree.root(), leaf[i], {other, n}, path));
      }
    }
  }
}

TEST_CASE("members: 5,000 need at most 13 hashes") {
  const auto leaf = leaves(5000);
  const MemberTree tree(leaf);
  std::size_t longest = 0;
  for (const std::uint32_t i : {0U, 1U, 2499U, 4095U, 4096U, 4998U, 4999U}) {
    const auto path = tree.path(i);
    longest = std::max(longest, path.size());
    CHECK(leads_to(tree.root(), leaf[i], {i, 5000}, path));
  }
  CHECK(longest == 13);
}

TEST_CASE("attack: a member that is not in the tree, or a path bent to another one") {
  const auto leaf = leaves(6);
  const MemberTree tree(leaf);
  auto path = tree.path(3);
  CHECK_FALSE(leads_to(tree.root(), leaf[2], {3, 6}, path));
  CHECK_FALSE(leads_to(leaf[0], leaf[3], {3, 6}, path));
  CHECK_FALSE(leads_to(tree.root(), leaf[3], {6, 6}, path));
  // A node inside the tree is not a leaf.
  CHECK_FALSE(leads_to(tree.root(), both(leaf[2], leaf[3]), {1, 6}, std::span(path).subspan(1)));
  CHECK_FALSE(leads_to(tree.root(), leaf[3], {3, 6}, std::span(path).first(path.size() - 1)));
  path.push_back(leaf[0]);
  CHECK_FALSE(leads_to(tree.root(), leaf[3], {3, 6}, path));
  path.pop_back();
  path[1].bytes[31] ^= 1;
  CHECK_FALSE(leads_to(tree.root(), leaf[3], {3, 6}, path));
}

TEST_CASE("members: no tree without members, no path of one that is not there") {
  CHECK_THROWS_AS(MemberTree({}), std::invalid_argument);
  CHECK_THROWS_AS(static_cast<void>(MemberTree(leaves(4)).path(4)), std::out_of_range);
}

}  // namespace
}  // namespace tributary::pairwise
