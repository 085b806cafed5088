#include "gateway/engine/group_desk.hpp"

#include "crypto/pairwise/reveal_box.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr std::uint32_t busy_retry_seconds = 2;
constexpr std::uint32_t storage_retry_seconds = 30;
constexpr std::size_t most_asked = 1024;
constexpr std::chrono::milliseconds between_announcements{1000};

std::uint64_t prekey_bytes(const KnownGroup& group) {
  return pairwise::prekey_head_bytes +
         std::uint64_t{2} * pairwise::sealed_share_bytes * group.terms.neighbours;
}

std::string members_below(const KnownGroup& group) {
  return "tributary/v1/site/member/" + group.terms.hash.hex() + "/";
}

v1::RejectReason reason_of(pairwise::PrekeyFault fault) {
  switch (fault) {
    case pairwise::PrekeyFault::none:
      break;
    case pairwise::PrekeyFault::other_terms:
      return v1::REJECT_MALFORMED;
    case pairwise::PrekeyFault::other_owner:
    case pairwise::PrekeyFault::bad_signature:
      return v1::REJECT_BAD_CERTIFICATE;
    case pairwise::PrekeyFault::other_shares:
      return v1::REJECT_BAD_DIGEST;
  }
  return v1::REJECT_REASON_UNSPECIFIED;
}

}  // namespace

void GroupDesk::resume(GroupOnDisk on_disk) {
  v1::GroupOffer offer;
  offer.ParseFromString(on_disk.group.offer);
  auto read = read_group(around_.identity, offer, on_disk.roster.value_or(std::string{}));
  if (const auto* fault = std::get_if<std::string>(&read)) {
    return around_.log(Severity::error, "group_not_continued",
                       {{"group", on_disk.group.hash.hex()}, {"reason", *fault}});
  }
  enter(std::get<GroupPtr>(read));
  auto& book = entries_.at(on_disk.group.hash).book;
  book.over(on_disk.group.over);
  for (const auto& place : on_disk.prekeys) book.enter(place.slot, place.member);
}

void GroupDesk::take(const google::protobuf::RepeatedPtrField<v1::GroupOffer>& offers,
                     const std::set<TaskId>& in_use) {
  std::set<TaskId> spoken_of = in_use;
  for (const auto& offer : offers) {
    v1::Group group;
    group.ParseFromString(offer.group());
    if (const auto task = TaskId::from(group.task_id())) spoken_of.insert(*task);
    const Hash hash = wire::group_hash(offer.group());
    if (entries_.contains(hash) || asked_.contains(hash)) continue;
    if (asked_.size() >= most_asked) asked_.clear();
    asked_.insert(hash);
    fetch(offer, hash);
  }
  std::vector<TaskId> ended;
  for (const auto& [task, hash] : newest_) {
    if (!spoken_of.contains(task)) ended.push_back(task);
  }
  for (const auto& task : ended) {
    hide(*entries_.at(newest_.at(task)).group);
    newest_.erase(task);
    std::erase_if(entries_,
                  [&](const auto& entry) { return entry.second.group->terms.task == task; });
    around_.writer.commit([task](Store& store) { store.groups().forget_task(task); });
    dirty_ = true;
  }
}

void GroupDesk::fetch(const v1::GroupOffer& offer, const Hash& hash) {
  auto roster = std::make_shared<std::optional<std::string>>();
  const auto named = Hash::from(offer.roster_hash()).value_or(Hash{});
  around_.writer.commit([roster, named](Store& store) { *roster = store.roster(named); },
                        [this, roster, offer, hash] { learn(offer, hash, *roster); });
}

void GroupDesk::learn(const v1::GroupOffer& offer, const Hash& hash,
                      const std::optional<std::string>& roster) {
  if (!roster) {
    // Told of again with the next answer of the coordinator: the roster may be on its way to the disk.
    asked_.erase(hash);
    return around_.log(
        Severity::warning, "group_not_taken",
        {{"group", hash.hex()}, {"reason", "its roster is not one of this gateway"}});
  }
  auto read = read_group(around_.identity, offer, *roster);
  if (const auto* fault = std::get_if<std::string>(&read)) {
    return around_.log(Severity::error, "group_refused",
                       {{"group", hash.hex()}, {"reason", *fault}});
  }
  const auto group = std::get<GroupPtr>(read);
  const auto known = newest_.find(group->terms.task);
  if (known != newest_.end() &&
      entries_.at(known->second).group->terms.first_slot >= group->terms.first_slot) {
    return around_.log(
        Severity::warning, "group_refused",
        {{"group", hash.hex()}, {"reason", "it is not newer than the one there is"}});
  }
  StoredGroup stored{hash, group->terms.task, group->roster, offer.SerializeAsString(), 0};
  around_.writer.commit([stored = std::move(stored)](Store& store) { store.groups().put(stored); },
                        [this, group] {
                          asked_.erase(group->terms.hash);
                          around_.log(Severity::info, "group",
                                      {{"task", group->terms.task.hex()},
                                       {"group", group->terms.hash.hex()},
                                       {"members", group->terms.devices},
                                       {"neighbours", group->terms.neighbours},
                                       {"threshold", group->terms.threshold},
                                       {"first_slot", group->terms.first_slot}});
                          enter(group);
                        });
}

// The one before stays in memory for a round of it that is still open; older ones go.
void GroupDesk::enter(GroupPtr group) {
  const auto task = group->terms.task;
  const auto hash = group->terms.hash;
  const auto before = newest_.find(task);
  const Hash older = before == newest_.end() ? hash : before->second;
  if (older != hash) hide(*entries_.at(older).group);
  std::erase_if(entries_, [&](const auto& entry) {
    return entry.second.group->terms.task == task && entry.first != older;
  });
  PrekeyBook book(group->terms.devices, group->terms.first_slot);
  show(*group);
  entries_.insert_or_assign(hash, Entry{std::move(group), std::move(book)});
  newest_[task] = hash;
  dirty_ = true;
}

// Members first: who sees the group finds them.
void GroupDesk::show(const KnownGroup& group) {
  for (std::uint32_t i = 0; i < group.terms.devices; ++i) {
    around_.retained.post(wire::member_topic(group.terms.hash, i),
                          group.member(i).SerializeAsString());
  }
  v1::Signed message;
  message.set_body(group.body);
  message.set_signature(group.signature);
  around_.retained.post(wire::group_topic(group.terms.task), message.SerializeAsString());
}

void GroupDesk::hide(const KnownGroup& group) {
  around_.retained.clear(wire::group_topic(group.terms.task));
  around_.retained.clear_below(members_below(group));
}

GroupDesk::Entry* GroupDesk::find_entry(const Hash& group) {
  const auto found = entries_.find(group);
  return found == entries_.end() ? nullptr : &found->second;
}

GroupDesk::Entry* GroupDesk::find_seed(const pairwise::GraphSeed& seed) {
  for (auto& [hash, entry] : entries_) {
    if (entry.group->graph.seed() == seed && counts(entry)) return &entry;
  }
  return nullptr;
}

bool GroupDesk::counts(const Entry& entry) const {
  const auto newest = newest_.find(entry.group->terms.task);
  return newest != newest_.end() && newest->second == entry.group->terms.hash;
}

GroupPtr GroupDesk::find(const Hash& group) const {
  const auto found = entries_.find(group);
  return found == entries_.end() ? nullptr : found->second.group;
}

void GroupDesk::refuse(const DeviceId& device, v1::RejectReason reason, std::uint32_t retry) {
  around_.answers.reject(device, nullptr, nullptr, reason, retry);
}

void GroupDesk::prekey(const DeviceId& device, std::string_view payload) {
  const auto prekey = pairwise::decode_prekey(view_of(payload));
  if (!prekey) return refuse(device, v1::REJECT_MALFORMED);
  const Entry* entry = find_seed(prekey->head.graph);
  if (entry == nullptr) return refuse(device, v1::REJECT_UNKNOWN_ROUND);
  const auto& group = *entry->group;
  const auto member = group.index_of(device);
  if (!member) return refuse(device, v1::REJECT_NOT_SELECTED);
  const auto slot = prekey->head.slot;
  const auto threshold = static_cast<std::uint8_t>(group.terms.threshold);
  const auto fault = pairwise::check(*prekey, {group.graph, threshold, slot},
                                     {*member, device, group.identities[*member]});
  if (fault != pairwise::PrekeyFault::none) return refuse(device, reason_of(fault));
  const bool frozen = entry->in_round == slot;
  // Over, or as it was when the round began: nothing of this slot is needed any more.
  if (slot < entry->book.next_slot() || frozen) return receipt(*entry, *member, slot);
  if (slot >= entry->book.next_slot() + slots_ahead || slot > group.terms.last_slot) {
    return refuse(device, v1::REJECT_OVER_CREDIT);
  }
  if (pending_ + payload.size() > around_.queue_bytes) {
    return refuse(device, v1::REJECT_BUSY, busy_retry_seconds);
  }
  if (stored_bytes() + payload.size() > around_.store_bytes) {
    return refuse(device, v1::REJECT_STORAGE, storage_retry_seconds);
  }
  keep(*entry, *member, *prekey);
}

void GroupDesk::keep(const Entry& entry, std::uint32_t member, const pairwise::Prekey& prekey) {
  const PrekeyPlace place{entry.group->terms.hash, prekey.head.slot, member};
  const Bytes whole = pairwise::encode(prekey);
  const std::size_t size = whole.size();
  pending_ += size;
  around_.writer.commit(
      [place, whole](Store& store) {
        const ByteView bytes(whole);
        store.groups().put_prekey(place, bytes.first(pairwise::prekey_head_bytes),
                                  bytes.subspan(pairwise::prekey_head_bytes));
      },
      [this, place, size] {
        pending_ -= size;
        Entry* kept = find_entry(place.group);
        if (kept == nullptr) return;
        kept->book.enter(place.slot, place.member);
        dirty_ = true;
        receipt(*kept, place.member, place.slot);
      });
}

// Of a slot that is over it names the first that is not: the device was away and does not know.
void GroupDesk::receipt(const Entry& entry, std::uint32_t member, std::uint32_t slot) {
  const auto& group = *entry.group;
  const auto& hash = group.terms.hash;
  const auto& device = group.members[member];
  const auto* key =
      around_.pair_keys.get(device, group.keys[member], around_.epoch_keys.current().epoch);
  if (key == nullptr) return refuse(device, v1::REJECT_BAD_CERTIFICATE);
  v1::PrekeyReceipt message;
  message.set_group_hash(hash.raw());
  message.set_slot(slot);
  message.set_mac(pairwise::prekey_receipt_mac(*key, hash, device, slot).raw());
  if (slot < entry.book.next_slot()) {
    const auto next = static_cast<std::uint32_t>(entry.book.next_slot());
    message.set_next_slot(next);
    message.set_next_mac(pairwise::next_slot_mac(*key, hash, device, next).raw());
  }
  around_.answers.prekey(device, message);
}

std::uint64_t GroupDesk::stored_bytes() const {
  std::uint64_t bytes = pending_;
  for (const auto& [hash, entry] : entries_) {
    bytes += entry.book.count() * prekey_bytes(*entry.group);
  }
  return bytes;
}

bool GroupDesk::begin(const Hash& group, std::uint32_t slot) {
  Entry* entry = find_entry(group);
  if (entry == nullptr || slot < entry->book.next_slot() || !entry->book.complete(slot))
    return false;
  entry->in_round = slot;
  return true;
}

void GroupDesk::over(const Hash& group, std::uint32_t slot) {
  Entry* entry = find_entry(group);
  if (entry == nullptr) return;
  if (entry->in_round == slot) entry->in_round.reset();
  entry->book.over(slot);
  dirty_ = true;
}

void GroupDesk::tick() {
  const auto now = around_.clock.monotonic();
  if (!dirty_ || now - announced_ < between_announcements) return;
  dirty_ = false;
  announced_ = now;
  std::vector<Readiness> current;
  for (const auto& [task, hash] : newest_) {
    const auto& [group, book, in_round] = entries_.at(hash);
    v1::GroupReadiness message;
    const auto until = book.ready_until();
    message.set_group_hash(hash.raw());
    message.set_ready_until(static_cast<std::uint32_t>(until));
    for (const auto member : book.missing(until)) message.add_missing(group->members[member].raw());
    current.push_back({hash, message.SerializeAsString()});
  }
  const auto same = [](const Readiness& a, const Readiness& b) { return a.message == b.message; };
  if (std::ranges::equal(current, readiness_, same)) return;
  readiness_ = std::move(current);
  around_.readiness_changed();
}

}  // namespace tributary::gateway::engine
