#include "gateway/engine/site.hpp"

#include "storage/backup.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr std::size_t most_site_keys = 8;
constexpr std::size_t most_declined = 1024;

std::filesystem::path journal_folder(const SiteOptions& options) {
  auto folder = options.state / "journal";
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

struct Site::OnDisk {
  std::vector<StoredDevice> devices;
  std::vector<StoredEpochKey> epoch_keys;
  std::vector<RoundOnDisk> rounds;
  std::vector<Hash> ended;
  v1::SiteKeys helper_keys;
  std::vector<GroupOnDisk> groups;
  SteeringDesk::Kept steering;
};

Site::OnDisk Site::load(Store& store) {
  OnDisk on_disk{store.devices(),
                 store.epoch_keys(),
                 {},
                 store.closed_rounds(),
                 {},
                 {},
                 SteeringDesk::read(store.steering())};
  on_disk.helper_keys.ParseFromString(store.helper_keys());
  for (auto& round : store.open_rounds()) {
    auto contributions = store.contributions(round.ctx_hash);
    auto roster = store.roster(round.roster);
    auto model = store.model(round.model);
    auto vows = store.reveals().vows(round.ctx_hash);
    auto reveals = store.reveals().reveals(round.ctx_hash);
    std::vector<Bytes> heads;
    const auto parsed = wire::parse_context(round.context);
    const auto* context = std::get_if<wire::Context>(&parsed);
    if (context != nullptr && context->pairwise) {
      heads = store.groups().heads(context->pairwise->group,
                                   static_cast<std::uint32_t>(context->round));
    }
    on_disk.rounds.push_back({std::move(round), std::move(contributions), std::move(roster),
                              std::move(model), std::move(vows), std::move(reveals),
                              std::move(heads)});
  }
  for (auto& group : store.groups().all()) {
    auto roster = store.roster(group.roster);
    auto prekeys = store.groups().prekeys(group.hash);
    on_disk.groups.push_back({std::move(group), std::move(roster), std::move(prekeys)});
  }
  return on_disk;
}

Site::Site(Identity identity, SiteOptions options, SitePorts ports, Workers workers, Clock clock,
           Metrics& metrics, Log log)
    : identity_(std::move(identity)),
      options_(std::move(options)),
      ports_(std::move(ports)),
      clock_(std::move(clock)),
      metrics_(metrics),
      log_(std::move(log)),
      workers_(std::move(workers)),
      answers_(ports_.publish, metrics_, clock_, log_),
      board_(ports_.publish_retained),
      retained_(ports_.publish_retained) {
  auto store = std::make_unique<Store>(options_.state, clock_.wall());
  OnDisk on_disk = load_or_begin_anew(*store);
  const bool keyless = on_disk.epoch_keys.empty();
  epoch_keys_ = std::make_unique<EpochKeys>(identity_, std::move(on_disk.epoch_keys));
  if (keyless || (epoch_keys_->due(clock_.wall()) && on_disk.rounds.empty())) {
    store->put_epoch_key(epoch_keys_->begin(clock_.wall()));
  }
  pair_keys_ = std::make_unique<PairKeys>(identity_.id, *epoch_keys_);
  members_ = std::make_unique<Membership>(identity_, options_.allow_list, on_disk.devices);
  for (const auto& device : members_->refresh().left) store->forget_device(device);
  const Writer::Observer observer{[this](std::size_t, std::size_t bytes) {
                                    metrics_.batch_bytes.Observe(static_cast<double>(bytes));
                                  },
                                  [this](const std::string& why) { ports_.broken(why); },
                                  [this](const std::string& why) { writer_stalled(why); }};
  const auto outbox = store->outbox().size();
  store_ = store.get();
  writer_ = std::make_unique<Writer>(options_.queue_bytes, observer, std::move(store));
  groups_ = std::make_unique<GroupDesk>(GroupDesk::Surroundings{
      identity_, clock_, log_, *writer_, *pair_keys_, *epoch_keys_, answers_, retained_,
      ports_.announcement_changed, options_.queue_bytes / 4, options_.store_bytes / 4});
  rounds_ = std::make_unique<Rounds>(
      Rounds::Surroundings{workers_.sums, identity_, clock_, log_, *writer_, *pair_keys_, answers_,
                           board_, metrics_, ports_.outbox_grew, *groups_, retained_},
      Rounds::Options{journal_folder(options_), options_.store_bytes, options_.rule_bytes,
                      options_.limits, options_.credit_bytes, options_.outbox_bytes});
  rounds_->outbox_holds(outbox);
  steering_ = std::make_unique<SteeringDesk>(
      SteeringDesk::Surroundings{identity_, clock_, log_, *writer_, retained_, ports_.publish,
                                 *members_, [this](const DeviceId& device) { revoke(device); }},
      std::move(on_disk.steering));
  enrolment_ = std::make_unique<EnrolmentDesk>(
      EnrolmentDesk::Surroundings{clock_, log_, *members_, ports_.publish, ports_.close_session},
      options_.credentials);
  enrolment_->refresh();
  resume(std::move(on_disk));
}

// A structure that is whole says nothing about the values in it.
Site::OnDisk Site::load_or_begin_anew(Store& store) {
  std::string fault;
  std::optional<OnDisk> on_disk;
  try {
    on_disk = load(store);
  } catch (const storage::Failure& failure) {
    if (failure.kind() != storage::FailureKind::corrupt) throw;
    fault = failure.what();
  }
  if (!on_disk) {
    store.begin_anew(clock_.wall());
    on_disk = load(store);
  }
  if (const auto& aside = store.database().set_aside(); !aside.empty()) {
    log_(Severity::error, "database_damaged",
         {{"set_aside", aside.string()},
          {"reason", fault.empty() ? "its structure is damaged" : fault},
          {"effect", "rounds in progress are lost, devices join again"}});
  }
  return std::move(*on_disk);
}

void Site::writer_stalled(const std::string& why) {
  rounds_->writer_stalled(why);
  if (why.empty()) {
    log_(Severity::info, "storage_has_room", {});
  } else {
    log_(Severity::error, "storage_full",
         {{"reason", why}, {"next", "no receipts and no new uploads until there is room"}});
  }
}

std::string Site::storage_fault() const {
  return rounds_->storage_fault();
}

void Site::resume(OnDisk on_disk) {
  for (const auto& hash : on_disk.ended) rounds_->remember_ended(hash);
  helper_keys_ = std::move(on_disk.helper_keys);
  std::set<std::string> in_use;
  for (const auto& round : on_disk.rounds) in_use.insert(round.round.ctx_hash.hex());
  for (const auto& entry : std::filesystem::directory_iterator(options_.state / "journal")) {
    if (!in_use.contains(entry.path().filename().string())) std::filesystem::remove(entry.path());
  }
  for (auto& group : on_disk.groups) groups_->resume(std::move(group));
  const auto is_allowed = [this](const DeviceId& device) { return allowed(device); };
  for (auto& round : on_disk.rounds) rounds_->resume(std::move(round), is_allowed);
  rosters_.changed(clock_.monotonic());
}

void Site::help(std::unique_ptr<helper::HelperRole> role) {
  helper_ = std::make_unique<HelperDesk>(workers_.helper, std::move(role), clock_, metrics_,
                                         ports_.broken);
}

void Site::start() {
  publish_keys();
  steering_->listed_changed();
}

bool Site::allowed(const DeviceId& device) const {
  return members_->refusal(device) == v1::REJECT_REASON_UNSPECIFIED;
}

void Site::broker_connected() {
  board_.republish();
  retained_.republish();
}

void Site::message(std::string_view topic, std::string_view payload, bool retained) {
  if (topic.starts_with(SiteBoard::root)) {
    if (retained && !payload.empty() && !retained_.holds(topic)) board_.found(topic);
    return;
  }
  if (const auto set = wire::parse_set_topic(topic)) {
    // People's wishes are of the moment they are said in.
    if (retained) return ports_.publish_retained(std::string(topic), {});
    metrics_.messages("set").Increment();
    return steering_->set(*set, payload);
  }
  if (topic.starts_with(wire::config_root) || topic.ends_with("/down/settings")) {
    // What an earlier life retained; our own words come back too.
    if (retained && !payload.empty() && !retained_.holds(topic)) {
      ports_.publish_retained(std::string(topic), {});
    }
    return;
  }
  if (const auto claiming = wire::parse_claim_topic(topic)) {
    metrics_.messages("claim").Increment();
    if (retained) return ports_.publish_retained(std::string(topic), {});
    return enrolment_->claim(*claiming, payload);
  }
  const auto up = wire::parse_up_topic(topic);
  if (!up) {
    metrics_.rejects(v1::REJECT_MALFORMED).Increment();
    return;
  }
  // Nothing a device says is to be kept by the broker, and what was kept is of another time.
  if (retained && (up->kind != wire::UpKind::state || !members_->listed().contains(up->device))) {
    return ports_.publish_retained(std::string(topic), {});
  }
  if (!answers_.listens_to(up->device)) return;
  if (up->kind == wire::UpKind::hello) return hello(up->device, payload);
  if (up->kind == wire::UpKind::state || up->kind == wire::UpKind::settings) {
    return told(*up, payload);
  }
  if (const auto reason = members_->refusal(up->device); reason != v1::REJECT_REASON_UNSPECIFIED) {
    return answers_.reject(up->device, nullptr, nullptr, reason);
  }
  switch (up->kind) {
    case wire::UpKind::request:
      return control(up->device, payload, &Rounds::request);
    case wire::UpKind::header:
      return control(up->device, payload, &Rounds::header);
    case wire::UpKind::chunk:
      metrics_.messages("chunk").Increment();
      return rounds_->chunk(up->device, view_of(payload));
    case wire::UpKind::prekey:
    case wire::UpKind::vow:
    case wire::UpKind::shares:
    case wire::UpKind::reveal:
      return group_message(*up, payload);
    case wire::UpKind::hello:
    case wire::UpKind::settings:
    case wire::UpKind::state:
      break;
  }
}

// What a device says of itself; it need not have joined.
void Site::told(const wire::UpTopic& topic, std::string_view payload) {
  metrics_.messages(topic.kind == wire::UpKind::state ? "state" : "settings").Increment();
  if (payload.empty()) return;  // a retained state that was cleared
  if (!members_->listed().contains(topic.device)) {
    return answers_.reject(topic.device, nullptr, nullptr, v1::REJECT_UNKNOWN_DEVICE);
  }
  answers_.repeated(topic.device);
  const bool read = topic.kind == wire::UpKind::state ? steering_->state(topic.device, payload)
                                                      : steering_->report(topic.device, payload);
  if (!read) answers_.reject(topic.device, nullptr, nullptr, v1::REJECT_MALFORMED);
}

// Off the list at once; the next look at it tells everybody.
void Site::revoke(const DeviceId& device) {
  const auto fault = members_->revoke(device);
  if (!fault.empty()) log_(Severity::error, "revocation_failed", {{"reason", fault}});
  refresh_members();
}

void Site::group_message(const wire::UpTopic& topic, std::string_view payload) {
  if (topic.kind == wire::UpKind::prekey) {
    metrics_.messages("prekey").Increment();
    return groups_->prekey(topic.device, payload);
  }
  if (topic.kind == wire::UpKind::vow) return control(topic.device, payload, &Rounds::vow);
  if (topic.kind == wire::UpKind::shares) return control(topic.device, payload, &Rounds::shares);
  control(topic.device, payload, &Rounds::reveal);
}

template <class Message>
void Site::control(const DeviceId& device, std::string_view payload,
                   void (Rounds::*receive)(const DeviceId&, const Message&)) {
  metrics_.messages("control").Increment();
  answers_.repeated(device);
  Message message;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return answers_.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  }
  ((*rounds_).*receive)(device, message);
}

void Site::hello(const DeviceId& device, std::string_view payload) {
  metrics_.messages("hello").Increment();
  v1::Hello message;
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return answers_.reject(device, nullptr, nullptr, v1::REJECT_MALFORMED);
  }
  const auto judged = members_->judge(device, message, clock_.wall());
  if (const auto* reason = std::get_if<v1::RejectReason>(&judged)) {
    return answers_.reject(device, nullptr, nullptr, *reason);
  }
  const auto& accepted = std::get<Membership::Accepted>(judged);
  enrolment_->joined(device);
  answers_.repeated(device,
                    accepted.changed ? round::Quarantine::new_keys : round::Quarantine::ask_again);
  if (!accepted.changed) return answers_.welcome(device, accepted.epoch_key_hash);
  welcome(device, message.key(), accepted.epoch_key_hash);
}

void Site::welcome(const DeviceId& device, const v1::CertifiedKey& key,
                   const Hash& epoch_key_hash) {
  writer_->commit([stored = StoredDevice{device, key.SerializeAsString()}](
                      Store& store) { store.put_device(stored); },
                  [this, device, key, epoch_key_hash] {
                    members_->enter(device, key);
                    rosters_.changed(clock_.monotonic());
                    answers_.welcome(device, epoch_key_hash);
                  });
}

std::string Site::keys() const {
  v1::GatewayKeys keys;
  *keys.mutable_gateway() = epoch_keys_->certified_key();
  if (helper_) keys.mutable_helper()->ParseFromString(helper_->certified_key());
  keys.set_version(TRIBUTARY_VERSION);
  keys.set_name(options_.name);
  return keys.SerializeAsString();
}

std::vector<NewRound> Site::take(const v1::Work& work) {
  learn_helper_keys(work);
  std::set<Hash> spoken_of;
  for (const auto& outcome : work.outcomes()) {
    const auto ctx_hash = Hash::from(outcome.ctx_hash());
    if (ctx_hash && outcome.kind() != v1::ROUND_OUTCOME_UNSPECIFIED) {
      rounds_->outcome(*ctx_hash, outcome.kind() == v1::ROUND_OUTCOME_RELEASED);
    }
  }
  groups_->take(work.groups(), rounds_->open_tasks());
  for (const auto& drop : work.drops()) {
    const auto ctx_hash = Hash::from(drop.ctx_hash());
    const Admitted* round = ctx_hash ? rounds_->admitted(*ctx_hash) : nullptr;
    if (round == nullptr) continue;
    rounds_->dropped(*ctx_hash, verified_refusals(identity_, drop, round->context, helper_keys_));
  }
  std::vector<NewRound> fresh;
  for (const auto& offer : work.rounds()) {
    const Hash ctx_hash = wire::ctx_hash(offer.context());
    spoken_of.insert(ctx_hash);
    rounds_->show_voids(ctx_hash, offer.voids());
    if (rounds_->knows(ctx_hash) || declined_.contains(ctx_hash)) continue;
    auto admitted = admit(identity_, offer.context(), offer.signature());
    if (auto* round = std::get_if<Admitted>(&admitted)) {
      fresh.push_back({std::move(*round), offer});
      continue;
    }
    log_(Severity::error, "offer_refused",
         {{"context", ctx_hash.hex()}, {"reason", std::get<std::string>(admitted)}});
    if (declined_.size() >= most_declined) declined_.clear();
    declined_.insert(ctx_hash);
  }
  rounds_->forget_absent(spoken_of);
  return fresh;
}

void Site::learn_helper_keys(const v1::Work& work) {
  v1::SiteKeys keys;
  *keys.mutable_keys() = work.helper_keys();
  auto bytes = keys.SerializeAsString();
  if (bytes == helper_keys_.SerializeAsString()) return;
  helper_keys_ = std::move(keys);
  writer_->commit([content = std::move(bytes)](Store& store) { store.put_helper_keys(content); },
                  [this] { publish_keys(); });
}

void Site::open(NewRound round, std::shared_ptr<const std::string> model) {
  const Hash roster_hash = round.admitted.context.roster_hash;
  auto content = std::make_shared<std::optional<std::string>>();
  writer_->commit([content, roster_hash](Store& store) { *content = store.roster(roster_hash); },
                  [this, content, model, round = std::move(round)]() mutable {
                    const Hash ctx_hash = round.admitted.context.hash;
                    if (rounds_->knows(ctx_hash)) return;
                    std::optional<std::string> fault = "its roster is not one of this gateway";
                    if (*content) {
                      fault = rounds_->open(round.admitted, round.offer, **content, model,
                                            [this](const DeviceId& id) { return allowed(id); });
                    }
                    if (fault) {
                      log_(Severity::warning, "round_not_opened",
                           {{"context", ctx_hash.hex()},
                            {"round", round.admitted.context.round},
                            {"reason", *fault}});
                    }
                  });
}

void Site::back_up(std::filesystem::path target, std::function<void(const std::string&)> done) {
  auto fault = std::make_shared<std::string>();
  writer_->afterwards([store = store_, fault, target = std::move(target)] {
    try {
      storage::back_up(store->database(), target);
    } catch (const storage::Failure& failure) {
      *fault = failure.what();  // of the copy: what it was made of is as it was
    }
  });
  writer_->commit([](Store&) {}, [fault, done = std::move(done)] { done(*fault); });
}

void Site::enqueue(Forward forward) {
  writer_->commit(
      [message = std::move(forward), at = clock_.wall()](Store& store) {
        store.outbox().put(message.key, message.path, view_of(message.body), at);
      },
      [this] { ports_.outbox_grew(); });
}

void Site::tick() {
  refresh_members();
  renew_epoch();
  if (rosters_.due(clock_.monotonic())) make_roster();
  if (helper_) helper_->tick([this] { ports_.announcement_changed(); });
  rounds_->tick();
  groups_->tick();
  enrolment_->tick();
  answers_.tick();
  metrics_.writer_bytes.Set(static_cast<double>(writer_->queued_bytes()));
}

void Site::refresh_members() {
  const auto refreshed = members_->refresh();
  const auto& left = refreshed.left;
  for (const auto& device : left) {
    steering_->revoked(device);
    enrolment_->revoked(device);
  }
  if (refreshed.listed_changed) {
    steering_->listed_changed();
    enrolment_->refresh();
  }
  if (left.empty()) return;
  for (const auto& device : left) {
    log_(Severity::warning, "device_revoked",
         {{"device", device.hex()}, {"gone_from", options_.allow_list.string()}});
  }
  writer_->commit([left](Store& store) {
    for (const auto& device : left) store.forget_device(device);
  });
  rounds_->revoked(left);
  rosters_.changed(clock_.monotonic());
}

void Site::renew_epoch() {
  if (!epoch_keys_->due(clock_.wall()) || rounds_->open_count() > 0) return;
  const auto& key = epoch_keys_->begin(clock_.wall());
  auto stored = std::make_shared<StoredEpochKey>(
      StoredEpochKey{key.epoch, key.secret.clone(), key.signed_key, key.not_after});
  const auto now = static_cast<std::uint64_t>(clock_.wall().time_since_epoch().count());
  writer_->commit(
      [stored, now](Store& store) {
        store.put_epoch_key(*stored);
        store.forget_epoch_keys_before(now);
      },
      [this] {
        publish_keys();
        ports_.announcement_changed();
      });
}

void Site::make_roster() {
  auto roster = std::make_shared<KnownRoster>();
  roster->content = members_->roster(clock_.wall());
  roster->hash = crypto::hash("roster", {view_of(roster->content)});
  metrics_.roster_devices.Set(static_cast<double>(members_->members()));
  if (const auto newest = rosters_.newest(); newest && newest->hash == roster->hash) return;
  writer_->commit([roster](Store& store) { store.put_roster(roster->hash, roster->content); },
                  [this, roster] {
                    rosters_.stored(*roster);
                    ports_.announcement_changed();
                  });
}

void Site::publish_keys() {
  v1::SiteKeys keys;
  *keys.add_keys() = epoch_keys_->certified_key();
  for (const auto& key : helper_keys_.keys()) {
    if (static_cast<std::size_t>(keys.keys_size()) < most_site_keys) *keys.add_keys() = key;
  }
  board_.set_keys(keys.SerializeAsString());
}

}  // namespace tributary::gateway::engine
