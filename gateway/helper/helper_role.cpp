#include "gateway/helper/helper_role.hpp"

#include "device-protocol/cpp/certificate.hpp"
#include "gateway/helper/question.hpp"
#include "gateway/helper/rate_limit.hpp"
#include "gateway/helper/record.hpp"
#include "storage/file.hpp"
#include "storage/schema/helper/schema.hpp"

namespace tributary::gateway::helper {

namespace {

// SQLite would make a file that others can read, and its log with the same mode.
std::filesystem::path owners_only(std::filesystem::path path) {
  storage::open_exclusive(path).close();
  return path;
}

// What comes with a leaf of a question.
struct Shown {
  std::string_view roster;
  const v1::CertifiedKey& gateway;
};

}  // namespace

struct HelperRole::State {
  State(const std::filesystem::path& folder, Identity who, const Limits& bounds, UnixTime now)
      : identity(std::move(who)),
        limits(bounds),
        signer{identity.tenant, identity.id, identity.key},
        database(owners_only(folder / "helper.db"), {schema::helper}, now),
        instance(database, Marker{folder / "helper.marker"}, signer, limits.epoch_lifetime, now),
        record(database, instance),
        roster(identity.tenant, identity.authority, identity.id),
        rate(limits.sums_per_minute) {}

  Asked asked() const {
    return {identity.tenant, identity.id, identity.own_gateway, instance.epoch().epoch};
  }
  std::variant<VerifyKey, Fault> gateway_key(const Claim& claim, const v1::CertifiedKey& gateway,
                                             UnixTime now) const;
  std::optional<Fault> check_claim(const Claim& claim, const v1::CertifiedKey& gateway,
                                   UnixTime now) const;
  std::variant<std::vector<RosterEntry>, Fault> check_survivors(const Claim& claim,
                                                                std::string_view bytes,
                                                                const std::set<DeviceId>& revoked,
                                                                UnixTime now);
  std::variant<Job, Fault, Later> decide(const Question& question, std::span<const Shown> shown,
                                         const std::set<DeviceId>& revoked, UnixTime now);
  Decision judge(std::variant<Question, Fault> parsed, const ClaimHashes& hashes,
                 std::span<const Shown> shown, const std::set<DeviceId>& revoked, UnixTime now);
  Job make_job(const Question& question) const;
  void add_seeds(Job& job, const Claim& claim, std::span<const RosterEntry> entries) const;
  Refusal refuse(const ClaimHashes& hashes, const Fault& fault) const;

  Identity identity;
  Limits limits;
  Signer signer;
  storage::Database database;
  Instance instance;
  Record record;
  RosterCache roster;
  RateLimit rate;
};

namespace {

std::optional<ScopeKey> scope_of(const v1::RoundScope& scope) {
  const auto task = TaskId::from(scope.task_id());
  const auto gateway = GatewayId::from(scope.gateway_id());
  const auto wider = ScopeId::from(scope.scope_id());
  if (!task || scope.round() == 0 || scope.round() > Limits::highest_round) return std::nullopt;
  if (gateway && scope.scope_id().empty()) return ScopeKey{*task, scope.round(), *gateway};
  if (wider && scope.gateway_id().empty()) return ScopeKey{*task, scope.round(), *wider};
  return std::nullopt;
}

}  // namespace

std::variant<VerifyKey, Fault> HelperRole::State::gateway_key(const Claim& claim,
                                                              const v1::CertifiedKey& gateway,
                                                              UnixTime now) const {
  const auto bad = [](std::string text) {
    return Fault{v1::HELPER_REFUSAL_BAD_REQUEST, std::move(text)};
  };
  const auto checked = wire::verify_certificate(
      gateway.certificate(), {identity.authority, identity.tenant, v1::ROLE_GATEWAY,
                              static_cast<std::uint64_t>(now.time_since_epoch().count())});
  if (const auto* fault = std::get_if<wire::CertificateFault>(&checked)) {
    return bad("H2: the gateway's certificate " + std::string(wire::text_of(*fault)));
  }
  const auto& certificate = std::get<wire::VerifiedCertificate>(checked);
  if (certificate.subject != claim.context.gateway.bytes) {
    return bad("H2: the certificate is not that of gateway " + claim.context.gateway.hex());
  }
  return certificate.key;
}

std::optional<Fault> HelperRole::State::check_claim(const Claim& claim,
                                                    const v1::CertifiedKey& gateway,
                                                    UnixTime now) const {
  if (auto fault = check_context(claim, asked(), limits)) return fault;
  if (auto fault = check_time(claim, limits, now)) return fault;
  auto key = gateway_key(claim, gateway, now);
  if (auto* fault = std::get_if<Fault>(&key)) return std::move(*fault);
  return check_request(claim, asked(), std::get<VerifyKey>(key));
}

std::variant<std::vector<RosterEntry>, Fault> HelperRole::State::check_survivors(
    const Claim& claim, std::string_view bytes, const std::set<DeviceId>& revoked, UnixTime now) {
  auto found = roster.entries(claim, bytes, instance.epoch());
  const auto* entries = std::get_if<std::vector<RosterEntry>>(&found);
  if (entries == nullptr) return found;
  if (auto fault = check_devices(claim, *entries, revoked, now)) return *fault;
  if (auto fault = check_tickets(claim, *entries)) return *fault;
  return found;
}

std::variant<Job, Fault, Later> HelperRole::State::decide(const Question& question,
                                                          std::span<const Shown> shown,
                                                          const std::set<DeviceId>& revoked,
                                                          UnixTime now) {
  // What was answered once stays answerable: the same survivors are judged as of that moment.
  const auto standing = record.standing(question.scope);
  const auto* answered = std::get_if<Answered>(&standing);
  const bool again =
      answered != nullptr && answered->survivors_hash == question.hashes.survivors_hash;
  const auto as_of = again ? answered->at : now;

  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (auto fault = check_claim(question.leaves[i], shown[i].gateway, as_of)) return *fault;
  }
  if (const auto wait = rate.take(question.scope.task, now)) return Later{*wait};
  auto job = make_job(question);
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto& leaf = question.leaves[i];
    auto checked =
        check_survivors(leaf, shown[i].roster, again ? std::set<DeviceId>{} : revoked, as_of);
    if (auto* fault = std::get_if<Fault>(&checked)) return std::move(*fault);
    add_seeds(job, leaf, std::get<std::vector<RosterEntry>>(checked));
  }
  if (auto fault = check_distinct(question)) return std::move(*fault);
  auto refused = record.answer(question.scope, question.context().scope,
                               question.hashes.survivors_hash, question.devices(), now);
  if (refused) return std::move(*refused);
  return job;
}

Job HelperRole::State::make_job(const Question& question) const {
  const auto& context = question.context();
  return {question.scope,
          {question.hashes.ctx_hash, question.hashes.survivors_hash, identity.id},
          context.combiner,
          instance.epoch().epoch,
          context.encoding,
          context.privacy,
          privacy::noise_key(instance.epoch().secret),
          {}};
}

void HelperRole::State::add_seeds(Job& job, const Claim& claim,
                                  std::span<const RosterEntry> entries) const {
  job.seeds.reserve(job.seeds.size() + entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& survivor = claim.survivors[i];
    job.seeds.push_back(crypto::mask_seed(entries[i]->pair_key, claim.context.hash, survivor.device,
                                          survivor.nonce));
  }
}

Refusal HelperRole::State::refuse(const ClaimHashes& hashes, const Fault& fault) const {
  return {hashes.ctx_hash, mask_refusal(signer, hashes, fault), fault.text};
}

Decision HelperRole::State::judge(std::variant<Question, Fault> parsed, const ClaimHashes& hashes,
                                  std::span<const Shown> shown, const std::set<DeviceId>& revoked,
                                  UnixTime now) {
  if (const auto* fault = std::get_if<Fault>(&parsed)) return refuse(hashes, *fault);
  auto decided = decide(std::get<Question>(parsed), shown, revoked, now);
  if (const auto* fault = std::get_if<Fault>(&decided)) return refuse(hashes, *fault);
  if (const auto* later = std::get_if<Later>(&decided)) return *later;
  return std::get<Job>(std::move(decided));
}

std::unique_ptr<HelperRole> HelperRole::open(const std::filesystem::path& folder, Identity identity,
                                             Limits limits, UnixTime now) {
  auto state = std::make_unique<State>(folder, std::move(identity), limits, now);
  return std::unique_ptr<HelperRole>(new HelperRole(std::move(state)));
}

HelperRole::HelperRole(std::unique_ptr<State> state) : state_(std::move(state)) {}
HelperRole::~HelperRole() = default;

v1::CertifiedKey HelperRole::certified_key() const {
  v1::CertifiedKey key;
  key.mutable_certificate()->ParseFromString(state_->identity.certificate);
  key.mutable_epoch_key()->ParseFromString(state_->instance.signed_key());
  return key;
}

std::uint32_t HelperRole::epoch() const {
  return state_->instance.epoch().epoch;
}
UnixTime HelperRole::epoch_ends() const {
  return state_->instance.epoch_ends();
}
const std::string& HelperRole::epoch_reason() const {
  return state_->instance.reason();
}

void HelperRole::rotate(UnixTime now) {
  state_->roster.clear();
  state_->instance.rotate(now, "rotated");
}

Decision HelperRole::answer(const v1::SumRequest& request, std::string_view roster,
                            const v1::CertifiedKey& gateway, const std::set<DeviceId>& revoked,
                            UnixTime now) {
  const auto hashes = question_hashes(request);
  if (const auto fault = check_origin(request, state_->identity.coordinator)) {
    return state_->refuse(hashes, *fault);
  }
  const Shown shown{roster, gateway};
  return state_->judge(parse_question(request), hashes, {&shown, 1}, revoked, now);
}

Decision HelperRole::answer(const v1::JointRequest& request,
                            std::span<const std::string_view> rosters,
                            const std::set<DeviceId>& revoked, UnixTime now) {
  const auto hashes = question_hashes(request);
  std::vector<Shown> shown;
  for (const auto& leaf : request.leaves()) {
    if (const auto fault = check_origin(leaf, state_->identity.coordinator)) {
      return state_->refuse(hashes, *fault);
    }
    const auto at = shown.size();
    shown.push_back({at < rosters.size() ? rosters[at] : std::string_view{}, leaf.gateway()});
  }
  return state_->judge(parse_question(request), hashes, shown, revoked, now);
}

std::variant<Answer, Unfinished> HelperRole::finish(const Job& job, ByteView words) {
  const auto& epoch = state_->instance.epoch();
  if (job.epoch != epoch.epoch) return Unfinished{"the helper epoch of this answer has ended"};
  if (words.size() != job.encoding.words() * crypto::word_bytes(job.encoding.bits))
    return Unfinished{"not the sum of this job"};
  const auto sealed = crypto::seal_to_combiner(epoch.secret, job.combiner, job.statement, words);
  if (!sealed) return Unfinished{"the context's combiner key is not a usable X25519 key"};
  const auto hash = response_hash(job.statement, *sealed);
  if (!state_->record.respond(job.scope, job.statement.survivors_hash, hash)) {
    return Unfinished{"the answer differs from the one on record for this round"};
  }
  return Answer{job.statement.ctx_hash, mask_sum(state_->signer, job.statement, *sealed)};
}

std::variant<VoidStatement, VoidRefusal> HelperRole::void_scope(const v1::RoundScope& scope,
                                                                UnixTime now) {
  if (scope.tenant() != state_->identity.tenant) {
    return VoidRefusal{"the scope to void is of tenant '" + scope.tenant() + "'"};
  }
  const auto key = scope_of(scope);
  if (!key) return VoidRefusal{"the scope to void has an id of a wrong length or no round"};
  auto body = state_->record.void_scope(*key, void_statement(state_->signer, *key, now), now);
  if (!body)
    return VoidRefusal{"round " + std::to_string(key->round) +
                       " was answered; it cannot be voided"};
  return VoidStatement{std::move(*body)};
}

}  // namespace tributary::gateway::helper
