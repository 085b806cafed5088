#include "gateway/engine/group_rows.hpp"

#include "gateway/engine/columns.hpp"

namespace tributary::gateway::engine {

std::vector<StoredGroup> GroupRows::all() {
  auto rows = database_.prepare(
      "SELECT hash, task, roster, content, over_until FROM pairwise_group ORDER BY sequence");
  rows.bind();
  std::vector<StoredGroup> groups;
  while (rows.step()) {
    groups.push_back({fixed<Hash>(rows.blob(0), "group"), fixed<TaskId>(rows.blob(1), "task"),
                      fixed<Hash>(rows.blob(2), "roster"), text(rows.blob(3)),
                      static_cast<std::uint64_t>(rows.integer(4))});
  }
  return groups;
}

void GroupRows::put(const StoredGroup& group) {
  database_.run(
      "INSERT OR IGNORE INTO pairwise_group (hash, task, roster, content) VALUES (?, ?, ?, ?)",
      group.hash.bytes, group.task.bytes, group.roster.bytes, view_of(group.offer));
  database_.run(
      "DELETE FROM pairwise_group WHERE task = ?1 AND sequence NOT IN "
      "(SELECT sequence FROM pairwise_group WHERE task = ?1 ORDER BY sequence DESC LIMIT 2)",
      group.task.bytes);
  forget_orphans();
}

void GroupRows::forget_task(const TaskId& task) {
  database_.run("DELETE FROM pairwise_group WHERE task = ?", task.bytes);
  forget_orphans();
}

void GroupRows::forget_orphans() {
  database_.run("DELETE FROM prekey WHERE group_hash NOT IN (SELECT hash FROM pairwise_group)");
}

std::vector<PrekeyPlace> GroupRows::prekeys(const Hash& group) {
  auto rows = database_.prepare("SELECT slot, member FROM prekey WHERE group_hash = ?");
  rows.bind(group.bytes);
  std::vector<PrekeyPlace> places;
  while (rows.step()) {
    places.push_back({group, static_cast<std::uint32_t>(rows.integer(0)),
                      static_cast<std::uint32_t>(rows.integer(1))});
  }
  return places;
}

void GroupRows::put_prekey(const PrekeyPlace& place, ByteView head, ByteView shares) {
  database_.run(
      "INSERT OR REPLACE INTO prekey (group_hash, slot, member, head, shares) "
      "VALUES (?, ?, ?, ?, ?)",
      place.group.bytes, place.slot, place.member, head, shares);
}

void GroupRows::end_slots(const Hash& group, std::uint32_t slot) {
  database_.run("UPDATE pairwise_group SET over_until = max(over_until, ?2) WHERE hash = ?1",
                group.bytes, slot);
  database_.run("DELETE FROM prekey WHERE group_hash = ? AND slot <= ?", group.bytes, slot);
}

std::vector<Bytes> GroupRows::heads(const Hash& group, std::uint32_t slot) {
  auto rows = database_.prepare(
      "SELECT head FROM prekey WHERE group_hash = ? AND slot = ? ORDER BY member");
  rows.bind(group.bytes, slot);
  std::vector<Bytes> heads;
  while (rows.step()) heads.push_back(rows.bytes(0));
  return heads;
}

std::optional<pairwise::SealedShare> GroupRows::share(const PrekeyPlace& owner, std::uint32_t place,
                                                      pairwise::ShareKind kind) {
  const std::size_t entry = 2 * place + (kind == pairwise::ShareKind::self_seed ? 1 : 0);
  auto rows = database_.prepare(
      "SELECT substr(shares, ?, ?) FROM prekey WHERE group_hash = ? AND slot = ? AND member = ?");
  rows.bind(entry * pairwise::sealed_share_bytes + 1, pairwise::sealed_share_bytes,
            owner.group.bytes, owner.slot, owner.member);
  if (!rows.step()) return std::nullopt;
  return fixed<pairwise::SealedShare>(rows.blob(0), "sealed share");
}

}  // namespace tributary::gateway::engine
