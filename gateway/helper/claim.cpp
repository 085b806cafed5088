#include "gateway/helper/claim.hpp"

#include "crypto/hash.hpp"

namespace tributary::gateway::helper {
namespace {

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
  const auto hash = crypto::survivors_hash(claim.context.hash, *survivors);
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
  ClaimHashes hashes{wire::ctx_hash(request.context()), {}};
  if (const auto survivors = survivors_of(request)) {
    hashes.survivors_hash = crypto::survivors_hash(hashes.ctx_hash, *survivors).value_or(Hash{});
  }
  return hashes;
}

std::variant<Claim, Fault> parse_claim(const v1::SumRequest& request) {
  auto parsed = wire::parse_context(request.context());
  if (const auto* fault = std::get_if<std::string>(&parsed)) {
    return Fault{v1::HELPER_REFUSAL_BAD_CONTEXT, "H1: " + *fault};
  }
  Claim claim{};
  claim.context = std::move(std::get<wire::Context>(parsed));
  if (auto fault = read_request(request, claim)) return *fault;
  return claim;
}

}  // namespace tributary::gateway::helper
