#include "gateway/engine/rounds.hpp"

#include <algorithm>
#include <array>

#include "crypto/upload.hpp"
#include "gateway/engine/membership.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr std::size_t most_ended = 4096;
constexpr std::ptrdiff_t most_ended_in_memory = 4;
// A round the coordinator speaks of no more is over this long after its deadline.
constexpr std::chrono::hours forgotten_after{24};
constexpr std::uint32_t busy_retry_seconds = 2;
constexpr std::uint32_t storage_retry_seconds = 30;

}  // namespace

Rounds::Rounds(Surroundings surroundings, Options options)
    : around_(std::move(surroundings)),
      options_(std::move(options)),
      space_(options_.journals, options_.store_bytes) {}

void Rounds::remember_ended(const Hash& ctx_hash) {
  if (!ended_.insert(ctx_hash).second) return;
  ended_order_.push_back(ctx_hash);
  if (ended_order_.size() <= most_ended) return;
  ended_.erase(ended_order_.front());
  ended_order_.pop_front();
}

bool Rounds::knows(const Hash& ctx_hash) const {
  return ended_.contains(ctx_hash) || admitted(ctx_hash) != nullptr;
}

std::optional<std::string> Rounds::open(Admitted admitted, const v1::Offer& offer,
                                        std::string_view roster,
                                        std::shared_ptr<const std::string> model,
                                        const Allowed& allowed) {
  auto keys = roster_keys(roster);
  if (!keys) return "its roster cannot be read";
  const wire::Context& context = admitted.context;
  auto prepared = pairwise_for(context);
  if (auto* why_not = std::get_if<std::string>(&prepared)) return std::move(*why_not);
  const auto pairwise = std::get<std::shared_ptr<PairwiseRound>>(prepared);
  auto devices = expected(context, *keys, pairwise.get(), allowed);
  const auto left = time_left(around_.clock.wall(), admitted.not_before, admitted.deadline);
  const auto draft = draft_for(context, *keys, allowed, left);
  if (draft) devices = draft->chosen;
  if (draft && devices.size() < context.n_min) {
    return "only " + std::to_string(devices.size()) + " devices can be invited now, n_min is " +
           std::to_string(context.n_min) + "; why the others cannot: " + reasons_of(draft->choice);
  }
  const auto most = std::min<std::uint64_t>(devices.size(), context.n_max);
  if (!space_.fits(journal_bytes(), most * context.upload_bytes())) {
    return "there is no room for " + std::to_string(most) +
           " updates; free space under the state folder or raise limits.store_bytes";
  }
  if (auto fault = outbox_fault(context)) return fault;
  if (const auto needed = rule_bytes(context, most); needed > options_.rule_bytes) {
    return std::string(robust::name_of(context.aggregation.kind)) + " over " +
           std::to_string(most) + " updates takes " + std::to_string(needed >> 20) +
           " MiB; raise limits.rule_bytes or take a smaller cohort";
  }
  const auto now = around_.clock.monotonic();
  auto plan = plan_for(admitted, pairwise.get(), now + left);
  if (draft) plan.due = now + draft->wait;
  round::Round machine(plan, limits_for(admitted.layout), std::move(devices), now);
  const Hash ctx_hash = context.hash;
  OpenRound round{std::move(admitted),
                  offer.context(),
                  offer.signature(),
                  std::move(model),
                  std::move(*keys),
                  std::move(machine),
                  std::make_shared<ChunkJournal>(options_.journals / ctx_hash.hex())};
  round.voids = offer.voids();
  round.pairwise = pairwise;
  const OpenRound& entered = *enter(std::move(round));
  around_.writer.commit(
      [stored = StoredRound{ctx_hash, entered.context, entered.signature,
                            entered.admitted.context.roster_hash,
                            entered.admitted.context.model_hash, std::nullopt, false},
       bytes = entered.model, pairwise,
       choice = draft ? around_.schedule.enter(entered.admitted.context, *draft)
                      : std::function<void(Store&)>()](Store& store) {
        store.open_round(stored, *bytes);
        if (choice) choice(store);
        if (pairwise) {
          pairwise->heads = store.groups().heads(pairwise->group->terms.hash, pairwise->slot);
        }
      },
      [this, ctx_hash] {
        const OpenRound* opened = find(ctx_hash);
        if (opened == nullptr || !opened->machine.collecting()) return;
        show_heads(*opened);
        around_.schedule.invite(ctx_hash);
        post_offer(*opened);
      });
  around_.metrics.rounds("opened").Increment();
  around_.log(Severity::info, "round_opened",
              {{"task", entered.admitted.context.task.hex()},
               {"round", entered.admitted.context.round},
               {"expected", entered.machine.expected()},
               {"seconds_left", left.count()},
               {"context", ctx_hash.hex()}});
  return std::nullopt;
}

void Rounds::resume(RoundOnDisk on_disk, const Allowed& allowed) {
  const Hash ctx_hash = on_disk.round.ctx_hash;
  auto read = admit(around_.identity, on_disk.round.context, on_disk.round.signature);
  auto keys = on_disk.roster ? roster_keys(*on_disk.roster) : std::nullopt;
  auto* admitted = std::get_if<Admitted>(&read);
  if (admitted == nullptr || !keys) {
    around_.log(Severity::error, "round_not_continued",
                {{"context", ctx_hash.hex()},
                 {"reason", admitted == nullptr ? std::get<std::string>(read)
                                                : std::string("its roster is not stored")}});
    return;
  }
  auto prepared = pairwise_for(admitted->context);
  if (const auto* why_not = std::get_if<std::string>(&prepared)) {
    around_.log(Severity::error, "round_not_continued",
                {{"context", ctx_hash.hex()}, {"reason", *why_not}});
    return;
  }
  const auto pairwise = std::get<std::shared_ptr<PairwiseRound>>(prepared);
  if (pairwise) pairwise->heads = std::move(on_disk.heads);
  auto journal = std::make_shared<ChunkJournal>(options_.journals / ctx_hash.hex());
  const auto now = around_.clock.monotonic();
  const auto left = time_left(around_.clock.wall(), admitted->not_before, admitted->deadline);
  std::vector<DeviceId> contributors;
  for (const auto& held : on_disk.contributions) contributors.push_back(held.device);
  round::Recovered recovered{
      std::move(on_disk.contributions), journal->recover(),      std::move(on_disk.round.survivors),
      on_disk.round.submitted,          std::move(on_disk.vows), {}};
  for (const auto& reveal : on_disk.reveals) {
    recovered.reveals.push_back({reveal.device, reveal.place, reveal.opened});
  }
  auto [machine, effects] = round::Round::recover(
      plan_for(*admitted, pairwise.get(), now + left), limits_for(admitted->layout),
      expected_again(admitted->context, *keys, pairwise.get(), allowed, contributors),
      std::move(recovered), now);
  OpenRound round{
      std::move(*admitted),    on_disk.round.context,
      on_disk.round.signature, std::make_shared<const std::string>(std::move(on_disk.model)),
      std::move(*keys),        std::move(machine),
      std::move(journal)};
  round.journal_bytes = round.journal->size();
  round.pairwise = pairwise;
  OpenRound& entered = *enter(std::move(round));
  around_.log(Severity::info, "round_continued",
              {{"task", entered.admitted.context.task.hex()},
               {"round", entered.admitted.context.round},
               {"contributions", contributors.size()},
               {"context", ctx_hash.hex()}});
  show_heads(entered);
  if (entered.machine.collecting()) {
    around_.schedule.invite(ctx_hash);
    post_offer(entered);
  } else {
    around_.schedule.closed(ctx_hash, true);
  }
  carry_out(entered, std::move(effects));
  for (const auto& device : contributors) {
    if (!allowed(device)) feed(entered, round::DeviceRevoked{device});
  }
}

void Rounds::post_offer(const OpenRound& round) {
  v1::Offer offer;
  offer.set_context(round.context);
  offer.set_signature(round.signature);
  *offer.mutable_voids() = round.voids;
  around_.board.offer(round.admitted.context, std::move(offer), round.model);
}

void Rounds::show_voids(const Hash& ctx_hash, const SiteBoard::Voids& voids) {
  OpenRound* round = find(ctx_hash);
  if (round == nullptr) return;
  round->voids = voids;
  around_.board.set_voids(ctx_hash, voids);
}

// An ended round of the same task is needed no longer: its devices have moved on. Those of tasks
// without a successor leave when there are too many.
OpenRound* Rounds::enter(OpenRound round) {
  auto ended =
      std::ranges::count_if(rounds_, [](const OpenRound& old) { return old.machine.closed(); });
  std::erase_if(rounds_, [&](const OpenRound& old) {
    if (!old.machine.closed() || old.adding_up) return false;
    const bool succeeded = old.admitted.context.task == round.admitted.context.task;
    if (!succeeded && ended <= most_ended_in_memory) return false;
    --ended;
    return true;
  });
  rounds_.push_back(std::move(round));
  return &rounds_.back();
}

std::vector<DeviceId> Rounds::expected(const wire::Context& context, const DeviceKeys& keys,
                                       const PairwiseRound* pairwise, const Allowed& allowed) {
  std::vector<DeviceId> devices;
  for (const auto& [device, key] : keys) {
    if (pairwise != nullptr && !pairwise->group->index_of(device)) continue;
    if (allowed(device) && selected(context, device)) devices.push_back(device);
  }
  return devices;
}

std::optional<ScheduleDesk::Draft> Rounds::draft_for(const wire::Context& context,
                                                     const DeviceKeys& keys, const Allowed& allowed,
                                                     std::chrono::seconds left) const {
  if (!context.invited) return std::nullopt;
  std::vector<DeviceId> devices;
  for (const auto& [device, key] : keys) {
    if (allowed(device)) devices.push_back(device);
  }
  return around_.schedule.choose(context, devices, left);
}

// As they were when the round was opened.
std::vector<DeviceId> Rounds::expected_again(const wire::Context& context, const DeviceKeys& keys,
                                             const PairwiseRound* pairwise, const Allowed& allowed,
                                             const std::vector<DeviceId>& contributors) {
  if (context.invited) {
    if (auto chosen = around_.schedule.resume(context.hash, contributors)) {
      std::erase_if(*chosen, [&](const DeviceId& device) { return !allowed(device); });
      return std::move(*chosen);
    }
  }
  return expected(context, keys, pairwise, allowed);
}

bool Rounds::collecting_uninvited() const {
  return std::ranges::any_of(rounds_, [](const OpenRound& round) {
    return round.machine.collecting() && !round.admitted.context.invited;
  });
}

round::Limits Rounds::limits_for(const WordLayout& layout) const {
  round::Limits limits = options_.limits;
  limits.credit_chunks = static_cast<std::uint32_t>(
      std::clamp<std::size_t>(options_.credit_bytes / layout.chunk_bytes, 1, layout.chunks));
  return limits;
}

OpenRound* Rounds::find(const Hash& ctx_hash) {
  const auto found = std::ranges::find_if(
      rounds_, [&](const OpenRound& round) { return round.admitted.context.hash == ctx_hash; });
  return found == rounds_.end() ? nullptr : &*found;
}

OpenRound* Rounds::find_by_tag(const wire::FrameTag& tag) {
  const auto found = std::ranges::find_if(rounds_, [&](const OpenRound& round) {
    return wire::frame_tag(round.admitted.context.hash) == tag;
  });
  return found == rounds_.end() ? nullptr : &*found;
}

const Admitted* Rounds::admitted(const Hash& ctx_hash) const {
  for (const auto& round : rounds_) {
    if (round.admitted.context.hash == ctx_hash && !round.machine.closed()) return &round.admitted;
  }
  return nullptr;
}

std::size_t Rounds::open_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      rounds_, [](const OpenRound& round) { return !round.machine.closed(); }));
}

const crypto::PairKey* Rounds::pair_key(const OpenRound& round, const DeviceId& device) {
  const auto key = round.device_keys.find(device);
  if (key == round.device_keys.end()) return nullptr;
  return around_.pair_keys.get(device, key->second, round.admitted.context.gateway_epoch);
}

void Rounds::request(const DeviceId& device, const v1::UploadRequest& message) {
  const auto ctx_hash = Hash::from(message.ctx_hash());
  const auto nonce = Nonce::from(message.nonce());
  if (!ctx_hash || !nonce) {
    return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  }
  OpenRound* round = find(*ctx_hash);
  if (round == nullptr) {
    return around_.answers.reject(device, &*ctx_hash, &*nonce, v1::REJECT_UNKNOWN_ROUND);
  }
  if (storage_full_ && round->machine.collecting()) {
    return around_.answers.reject(device, &*ctx_hash, &*nonce, v1::REJECT_STORAGE,
                                  storage_retry_seconds);
  }
  feed(*round, round::UploadRequested{device, *nonce, message.total()});
}

void Rounds::header(const DeviceId& device, const v1::UploadHeader& message) {
  const auto ctx_hash = Hash::from(message.ctx_hash());
  const auto nonce = Nonce::from(message.nonce());
  const auto digest = Hash::from(message.digest());
  if (!ctx_hash || !nonce || !digest) {
    return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  }
  OpenRound* round = find(*ctx_hash);
  if (round == nullptr) {
    return around_.answers.reject(device, &*ctx_hash, &*nonce, v1::REJECT_UNKNOWN_ROUND);
  }
  round::Contribution contribution{device, *nonce, *digest, {}};
  for (const auto& raw : message.tickets()) {
    const auto ticket = Ticket::from(raw);
    if (!ticket) {
      return around_.answers.reject(device, &*ctx_hash, &*nonce, v1::REJECT_BAD_TICKETS);
    }
    contribution.tickets.push_back(*ticket);
  }
  feed(*round, round::HeaderArrived{std::move(contribution), message.total()});
}

void Rounds::chunk(const DeviceId& device, ByteView bytes) {
  const auto frame = wire::parse_upload_chunk(bytes);
  if (!frame) return around_.answers.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  OpenRound* round = find_by_tag(frame->ctx_tag);
  if (round == nullptr) {
    return around_.answers.reject(device, nullptr, &frame->nonce, v1::REJECT_UNKNOWN_ROUND);
  }
  const auto judged = round->machine.judge_chunk(device, frame->nonce, frame->index, frame->total);
  if (judged.verdict == round::Round::Verdict::known) return around_.answers.repeated(device);
  if (judged.verdict == round::Round::Verdict::refused) {
    return around_.answers.reject(device, &round->admitted.context.hash, &frame->nonce,
                                  judged.reason, judged.retry_after_seconds);
  }
  store_chunk(*round, {device, frame->nonce, frame->index, {}}, frame->sealed);
}

void Rounds::store_chunk(OpenRound& round, const round::ChunkStored& chunk, ByteView sealed) {
  const auto& layout = round.admitted.layout;
  const Hash& ctx_hash = round.admitted.context.hash;
  const auto refuse = [&](v1::RejectReason reason, std::uint32_t retry = 0) {
    around_.answers.reject(chunk.device, &ctx_hash, &chunk.nonce, reason, retry);
  };
  const std::size_t size = round.admitted.context.bytes_of_chunk(chunk.index);
  if (sealed.size() != size + AeadTag::size) return refuse(v1::REJECT_BAD_CHUNK);
  const crypto::PairKey* key = pair_key(round, chunk.device);
  if (key == nullptr) return refuse(v1::REJECT_BAD_CERTIFICATE);
  auto words =
      crypto::open_chunk(crypto::upload_key(*key, ctx_hash, chunk.device, chunk.nonce),
                         {ctx_hash, chunk.device, chunk.index, layout.chunks, layout.bits}, sealed);
  if (!words) return refuse(v1::REJECT_BAD_CHUNK);
  const round::ChunkStored stored{chunk.device, chunk.nonce, chunk.index,
                                  *AeadTag::from(sealed.last(AeadTag::size))};
  if (!around_.writer.append(round.journal, stored, std::move(*words))) {
    return refuse(v1::REJECT_BUSY, busy_retry_seconds);
  }
  round.journal_bytes += size;
  around_.metrics.chunk_bytes.Increment(static_cast<double>(size));
  around_.answers.progress(chunk.device);
  feed(round, stored);
}

void Rounds::dropped(const Hash& ctx_hash, const std::vector<round::DevicesDropped>& refusals) {
  for (const auto& refusal : refusals) feed(ctx_hash, refusal);
}

void Rounds::outcome(const Hash& ctx_hash, bool released) {
  OpenRound* round = find(ctx_hash);
  if (round == nullptr || round->machine.closed()) return;
  around_.metrics.rounds(released ? "released" : "abandoned").Increment();
  around_.log(Severity::info, "round_ended",
              {{"task", round->admitted.context.task.hex()},
               {"round", round->admitted.context.round},
               {"outcome", released ? "released" : "abandoned"}});
  feed(*round, round::OutcomeArrived{released});
}

void Rounds::forget_absent(const std::set<Hash>& spoken_of) {
  for (auto& round : rounds_) {
    const auto& context = round.admitted.context;
    if (round.machine.closed() || spoken_of.contains(context.hash)) continue;
    if (around_.clock.wall() < round.admitted.deadline + forgotten_after) continue;
    around_.log(Severity::warning, "round_forgotten",
                {{"context", context.hash.hex()},
                 {"reason", "the coordinator does not speak of it any more"}});
    feed(round, round::OutcomeArrived{false});
  }
}

void Rounds::revoked(const std::vector<DeviceId>& devices) {
  for (auto& round : rounds_) {
    for (const auto& device : devices) feed(round, round::DeviceRevoked{device});
  }
}

void Rounds::tick() {
  storage_full_ = !stalled_.empty() || !space_.fits(journal_bytes(), 0);
  around_.metrics.storage_full.Set(storage_full_ ? 1 : 0);
  around_.metrics.journal_bytes.Set(static_cast<double>(journal_bytes()));
  for (auto& round : rounds_) feed(round, round::Tick{});
  count_phases();
}

std::string Rounds::storage_fault() const {
  if (!stalled_.empty()) return stalled_;
  return storage_full_ ? "no room for uploads" : "";
}

// What has been put is never dropped. So no round is opened whose sum might find no place, beside those
// of the rounds that are open.
std::optional<std::string> Rounds::outbox_fault(const wire::Context& context) const {
  std::uint64_t bytes = outbox_.bytes + context.upload_bytes();
  std::uint64_t messages = outbox_.messages + 1;
  for (const auto& round : rounds_) {
    if (round.machine.closed()) continue;
    bytes += round.admitted.context.upload_bytes();
    ++messages;
  }
  if (bytes <= options_.outbox_bytes && messages <= outbox_messages) return std::nullopt;
  return "its sum would be one of " + std::to_string(messages) + " messages of " +
         std::to_string(bytes >> 20) +
         " MiB that wait for the coordinator; restore the way to it or raise limits.outbox_bytes";
}

std::uint64_t Rounds::journal_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& round : rounds_) bytes += round.journal_bytes;
  return bytes;
}

void Rounds::count_phases() {
  constexpr std::array names = {"collecting", "summing",   "witnessing",
                                "revealing",  "submitted", "closed"};
  static_assert(names.size() == std::variant_size_v<round::Phase>);
  std::array<double, names.size()> counts{};
  for (const auto& round : rounds_) ++counts.at(round.machine.phase().index());
  // A closed round is not open.
  for (std::size_t i = 0; i + 1 < names.size(); ++i) {
    around_.metrics.open_rounds(names.at(i)).Set(counts.at(i));
  }
}

std::set<TaskId> Rounds::open_tasks() const {
  std::set<TaskId> tasks;
  for (const auto& round : rounds_) {
    if (!round.machine.closed()) tasks.insert(round.admitted.context.task);
  }
  return tasks;
}

}  // namespace tributary::gateway::engine
