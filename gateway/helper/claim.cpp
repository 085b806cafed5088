#include "gateway/helper/claim.hpp"

#include "crypto/hash.hpp"

namespace tributary::gateway::helper {
namespace {

Fault bad_context(std::string text) {
  return {v1::HELPER_REFUSAL_BAD_CONTEXT, std::move(text)};
}
Fault bad_request(std::string text) {
  return {v1::HELPER_REFUSAL_BAD_REQUEST, std::move(text)};
}

std::optional<crypto::SurvivorEntry> survivor_of(const v1::Survivor& survivor) {
  const auto device = DeviceId::from(survivor.device_id());
  const auto nonce = Nonce::from(survivor.nonce());
  const auto digest = Hash::from(survivor.digest());
  if (!device || !nonce || !digest) return std::nullopt;
  return crypto::SurvivorEntry{*device, *nonce, *digest};
}

std::optional<std::vector<crypto::SurvivorEntry>> survivors_of(const v1::SumRequest& request) {
  std::vector<crypto::SurvivorEntry> entries;
  entries.reserve(static_cast<std::size_t>(request.survivors_size()));
  for (const auto& survivor : request.survivors()) {
    const auto entry = survivor_of(survivor);
    if (!entry) return std::nullopt;
    entries.push_back(*entry);
  }
  return entries;
}

std::optional<std::vector<Ticket>> tickets_of(const v1::SumRequest& request) {
  std::vector<Ticket> tickets;
  tickets.reserve(static_cast<std::size_t>(request.tickets_size()));
  for (const auto& raw : request.tickets()) {
    const auto ticket = Ticket::from(raw);
    if (!ticket) return std::nullopt;
    tickets.push_back(*ticket);
  }
  return tickets;
}

std::optional<Fault> read_context(const v1::SumRequest& request, Claim& claim) {
  if (!claim.context.ParseFromString(request.context())) {
    return bad_context("H1: the context is not a RoundContext");
  }
  const auto& context = claim.context;
  const auto task = TaskId::from(context.task_id());
  const auto gateway = GatewayId::from(context.gateway_id());
  const auto roster_hash = Hash::from(context.roster_hash());
  const auto combiner = ExchangeKey::from(context.combiner_key());
  const auto bits = crypto::ring_bits(context.encoding().ring_bits());
  if (!task || !gateway || !roster_hash || !combiner) {
    return bad_context("H1: an id, hash or key in the context has a wrong length");
  }
  if (!bits) return bad_context("H1: ring bits in the context are not 16, 24 or 32");
  claim.scope = {*task, context.round(), *gateway};
  claim.roster_hash = *roster_hash;
  claim.combiner = *combiner;
  claim.bits = *bits;
  claim.words = std::size_t{context.parameters()} + 3 + context.encoding().canary_words();
  return std::nullopt;
}

std::optional<Fault> read_request(const v1::SumRequest& request, Claim& claim) {
  const auto helper = HelperId::from(request.helper_id());
  const auto signature = Signature::from(request.signature());
  if (!helper) return bad_request("H2: helper_id is not 16 bytes");
  if (!signature) return bad_request("H2: the gateway's signature is not 64 bytes");
  auto survivors = survivors_of(request);
  if (!survivors) return bad_request("H2: a survivor's id, nonce or digest has a wrong length");
  auto tickets = tickets_of(request);
  if (!tickets) return bad_request("H2: a ticket is not 16 bytes");
  if (survivors->empty()) return bad_request("H2: no survivors");
  if (tickets->size() != survivors->size()) {
    return bad_request("H2: " + std::to_string(survivors->size()) + " survivors but " +
                       std::to_string(tickets->size()) + " tickets");
  }
  const auto hash = crypto::survivors_hash(claim.ctx_hash, *survivors);
  if (!hash) return bad_request("H2: survivors are not strictly ascending by device id");
  claim.helper = *helper;
  claim.gateway_signature = *signature;
  claim.survivors = std::move(*survivors);
  claim.tickets = std::move(*tickets);
  claim.survivors_hash = *hash;
  return std::nullopt;
}

}  // namespace

ClaimHashes claim_hashes(const v1::SumRequest& request) {
  ClaimHashes hashes{crypto::hash("ctx", {view_of(request.context())}), {}};
  if (const auto survivors = survivors_of(request)) {
    hashes.survivors_hash = crypto::survivors_hash(hashes.ctx_hash, *survivors).value_or(Hash{});
  }
  return hashes;
}

std::variant<Claim, Fault> parse_claim(const v1::SumRequest& request) {
  Claim claim{};
  claim.ctx_hash = crypto::hash("ctx", {view_of(request.context())});
  if (auto fault = read_context(request, claim)) return *fault;
  if (auto fault = read_request(request, claim)) return *fault;
  return claim;
}

}  // namespace tributary::gateway::helper
