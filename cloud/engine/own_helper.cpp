#include "cloud/engine/own_helper.hpp"

#include "cloud/engine/work.hpp"
#include "crypto/hash.hpp"
#include "device-protocol/cpp/context.hpp"

namespace tributary::cloud::engine {
namespace {

namespace helper = gateway::helper;

// What was answered is no longer asked for; what is asked for after this long all the same is run again.
constexpr std::chrono::seconds done_for{30};
constexpr std::chrono::seconds look_every{5};

std::unique_ptr<helper::HelperRole> open_role(const HelperSettings& settings,
                                              const Identity& identity, helper::UnixTime now) {
  std::filesystem::create_directories(settings.state);
  std::filesystem::permissions(settings.state, std::filesystem::perms::owner_all);
  helper::Limits limits;
  limits.n_min = settings.n_min;
  return helper::HelperRole::open(
      settings.state, load_helper_identity(settings.credentials, identity), limits, now);
}

}  // namespace

OwnHelper::OwnHelper(const HelperSettings& settings, const Desk& desk, RoundDesk& rounds)
    : desk_(desk),
      rounds_(rounds),
      role_(open_role(settings, desk.identity, now())),
      epoch_ends_(role_->epoch_ends()) {
  const auto known = desk_.fleet.adopt_own_helper(role_->certified_key());
  if (const auto* declined = std::get_if<Declined>(&known)) throw CredentialFault(declined->text);
  id_ = std::get<GatewayId>(known);
  desk_.world.say(
      Severity::info, "own_helper",
      {{"helper", id_.hex()}, {"epoch", role_->epoch()}, {"reason", role_->epoch_reason()}});
}

helper::UnixTime OwnHelper::now() const {
  return std::chrono::floor<std::chrono::seconds>(desk_.world.now());
}

void OwnHelper::tick() {
  if (busy_) return;
  if (now() >= epoch_ends_) return rotate();
  const auto version = desk_.revisions.current(id_);
  if (version == seen_ && desk_.world.now() < look_at_) return;
  if (auto wanted = next()) return run(std::move(*wanted));
  seen_ = version;
  look_at_ = desk_.world.now() + look_every;
}

bool OwnHelper::put_off(const Hash& name) const {
  const auto known = not_before_.find(name);
  return known != not_before_.end() && desk_.world.now() < known->second;
}

std::optional<OwnHelper::Wanted> OwnHelper::next() {
  const auto work =
      work_of(id_, rounds_, desk_.fleet, desk_.revisions, desk_.identity, desk_.store);
  for (const auto& request : work.sum_requests()) {
    if (auto wanted = sum(request, {&request})) return wanted;
  }
  for (const auto& request : work.joint_requests()) {
    std::vector<const v1::SumRequest*> leaves;
    for (const auto& leaf : request.leaves()) leaves.push_back(&leaf);
    if (auto wanted = sum(request, leaves)) return wanted;
  }
  for (const auto& scope : work.voids()) {
    if (auto wanted = promise(scope)) return wanted;
  }
  return std::nullopt;
}

template <class Request>
std::optional<OwnHelper::Wanted> OwnHelper::sum(const Request& request,
                                                const std::vector<const v1::SumRequest*>& leaves) {
  const auto name = crypto::hash("errand", {view_of(request.SerializeAsString())});
  if (put_off(name)) return std::nullopt;
  std::vector<std::string> rosters;
  for (const auto* leaf : leaves) {
    const auto context = round::read_context(leaf->context());
    const auto part = desk_.store.rounds.part(wire::ctx_hash(leaf->context()));
    const auto row =
        context && part ? desk_.store.gateways.roster(part->roster_hash) : std::nullopt;
    rosters.push_back(row ? row->content : std::string{});
  }
  return Wanted{name, [this, request, rosters = std::move(rosters), at = now()] {
                  if constexpr (std::is_same_v<Request, v1::SumRequest>) {
                    return helper::sum_errand(*role_, request, rosters.front(), at);
                  } else {
                    const std::vector<std::string_view> views(rosters.begin(), rosters.end());
                    return helper::sum_errand(*role_, request, views, at);
                  }
                }};
}

std::optional<OwnHelper::Wanted> OwnHelper::promise(const v1::RoundScope& scope) {
  const auto name = crypto::hash("errand", {view_of(scope.SerializeAsString())});
  if (put_off(name)) return std::nullopt;
  return Wanted{name, [this, scope, at = now()] { return helper::void_errand(*role_, scope, at); }};
}

void OwnHelper::run(Wanted wanted) {
  busy_ = true;
  auto errand = std::make_shared<Errand>();
  desk_.world.submit([errand, work = std::move(wanted.work)] { *errand = work(); },
                     [this, errand, name = wanted.name] { finish(name, std::move(*errand)); });
}

void OwnHelper::finish(const Hash& name, Errand errand) {
  busy_ = false;
  if (errand.broken) throw *errand.broken;
  const auto at = desk_.world.now();
  std::erase_if(not_before_, [&](const auto& old) { return old.second <= at; });
  not_before_[name] = at + errand.wait.value_or(done_for);
  if (!errand.text.empty()) {
    desk_.world.say(Severity::warning, "own_helper", {{"reason", errand.text}});
  }
  const auto delivered = deliver(errand);
  if (const auto* declined = std::get_if<Declined>(&delivered)) {
    desk_.world.say(Severity::warning, "own_helper", {{"reason", declined->text}});
  }
  seen_.clear();
  tick();
}

Result<> OwnHelper::deliver(const Errand& errand) {
  switch (errand.kind) {
    case Errand::Kind::nothing:
      break;
    case Errand::Kind::mask_sum:
      return rounds_.put_mask_sum(id_, errand.ctx_hash, errand.body);
    case Errand::Kind::mask_refusal:
      return rounds_.put_refusal(id_, errand.ctx_hash, errand.body);
    case Errand::Kind::void_statement:
      return rounds_.put_void(id_, errand.body);
  }
  return Done{};
}

void OwnHelper::rotate() {
  busy_ = true;
  auto errand = std::make_shared<Errand>();
  desk_.world.submit([this, errand, at = now()] { *errand = helper::rotate_errand(*role_, at); },
                     [this, errand] {
                       busy_ = false;
                       if (errand->broken) throw *errand->broken;
                       epoch_ends_ = errand->wait ? now() + done_for : role_->epoch_ends();
                       if (!errand->wait) desk_.fleet.adopt_own_helper(role_->certified_key());
                     });
}

}  // namespace tributary::cloud::engine
