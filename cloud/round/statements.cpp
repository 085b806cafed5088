#include "cloud/round/statements.hpp"

#include <algorithm>

#include "crypto/upload.hpp"

namespace tributary::cloud::round {
namespace {

constexpr std::size_t longest_reason = 200;

std::string fault_unless_signed(const VerifyKey& key, std::string_view label, const Hash& statement,
                                const std::string& signature) {
  const auto value = Signature::from(signature);
  if (value && crypto::verify(key, label, statement, *value)) return {};
  return "the signature '" + std::string{label} +
         "' does not verify under the sender's certificate";
}

std::string printable(std::string_view text) {
  std::string clean{text.substr(0, longest_reason)};
  std::ranges::replace_if(
      clean, [](char c) { return c < ' ' || c > '~'; }, '?');
  return clean;
}

std::optional<std::vector<crypto::SurvivorEntry>> entries_of(const v1::GatewaySum& message) {
  std::vector<crypto::SurvivorEntry> entries;
  entries.reserve(static_cast<std::size_t>(message.survivors_size()));
  for (const auto& survivor : message.survivors()) {
    const auto device = DeviceId::from(survivor.device_id());
    const auto nonce = Nonce::from(survivor.nonce());
    const auto digest = Hash::from(survivor.digest());
    if (!device || !nonce || !digest) return std::nullopt;
    entries.push_back({*device, *nonce, *digest});
  }
  return entries;
}

std::string shape_fault(const v1::GatewaySum& message, const ContextReading& context) {
  const auto count = static_cast<std::uint32_t>(message.survivors_size());
  if (count < context.n_min || count > context.n_max) {
    return std::to_string(count) + " survivors are not within n_min " +
           std::to_string(context.n_min) + " to n_max " + std::to_string(context.n_max);
  }
  const auto size = context.encoding.words() * crypto::word_bytes(context.encoding.bits);
  if (message.words().size() != size) {
    return "words are " + std::to_string(message.words().size()) + " bytes, the context needs " +
           std::to_string(size);
  }
  if (static_cast<std::size_t>(message.tickets_size()) != context.helpers.size()) {
    return "there must be one list of tickets per helper of the context";
  }
  for (const auto& list : message.tickets()) {
    if (list.tickets().size() != std::size_t{count} * Ticket::size)
      return "a list of tickets does not hold 16 bytes per survivor";
  }
  return {};
}

std::string common_fault(const std::string& ctx_hash, const StatedRound& round) {
  return ctx_hash == round.ctx_hash.raw() ? std::string{}
                                          : "ctx_hash in the body differs from the one in the path";
}

bool names_helper(const ContextReading& context, const HelperId& helper) {
  return std::ranges::find(context.helpers, helper) != context.helpers.end();
}

// Of a helper's statement: what both kinds have in common.
struct HelperStatement {
  Hash survivors_hash;
  HelperId helper;
};
template <class Message>
std::variant<HelperStatement, std::string> helper_statement(const Message& message,
                                                            const StatedRound& round) {
  if (auto fault = common_fault(message.ctx_hash(), round); !fault.empty()) return fault;
  const auto survivors_hash = Hash::from(message.survivors_hash());
  const auto id = HelperId::from(message.helper_id());
  if (!survivors_hash || !id) return std::string{"survivors_hash or helper_id has a wrong length"};
  if (!names_helper(round.context, *id)) return "helper " + id->hex() + " is not in the context";
  return HelperStatement{*survivors_hash, *id};
}

}  // namespace

std::variant<SumGiven, std::string> read_statement(const v1::GatewaySum& message,
                                                   const StatedRound& round) {
  if (auto fault = common_fault(message.ctx_hash(), round); !fault.empty()) return fault;
  if (auto fault = shape_fault(message, round.context); !fault.empty()) return fault;
  const auto entries = entries_of(message);
  if (!entries) return std::string{"a survivor's id, nonce or digest has a wrong length"};
  const auto hash = crypto::survivors_hash(round.ctx_hash, *entries);
  if (!hash) return std::string{"survivors are not strictly ascending by device id"};
  if (message.survivors_hash() != hash->raw()) {
    return std::string{"survivors_hash is not the hash of the survivors"};
  }
  SumGiven sum{{}, *hash, {}};
  for (const auto& entry : *entries) sum.survivors.push_back(entry.device);
  const auto words = crypto::body_hash(view_of(message.words()));
  sum.statement = crypto::hash(
      "sum", {round.ctx_hash.view(), hash->view(),
              crypto::le32(static_cast<std::uint32_t>(entries->size())), words.view()});
  return sum;
}

std::variant<MaskGiven, std::string> read_statement(const v1::MaskSum& message,
                                                    const StatedRound& round) {
  const auto common = helper_statement(message, round);
  if (const auto* fault = std::get_if<std::string>(&common)) return *fault;
  const auto& [survivors_hash, helper] = std::get<HelperStatement>(common);
  const auto statement = crypto::hash("mask-sum", {round.ctx_hash.view(), survivors_hash.view(),
                                                   helper.view(), view_of(message.sealed())});
  return MaskGiven{statement, survivors_hash, helper};
}

std::variant<Refused, std::string> read_statement(const v1::MaskRefusal& message,
                                                  const StatedRound& round) {
  const auto common = helper_statement(message, round);
  if (const auto* fault = std::get_if<std::string>(&common)) return *fault;
  const auto& [survivors_hash, helper] = std::get<HelperStatement>(common);
  Refused refused{{}, survivors_hash, helper, refusal_words(message.reason()), {}};
  crypto::PartHasher hasher("mask-refusal");
  hasher.part(round.ctx_hash.view());
  hasher.part(survivors_hash.view());
  hasher.part(helper.view());
  hasher.part(crypto::le32(static_cast<std::uint32_t>(message.reason())));
  for (const auto& raw : message.device_ids()) {
    const auto device = DeviceId::from(raw);
    if (!device) return std::string{"a device id has a wrong length"};
    hasher.part(device->view());
    refused.devices.push_back(*device);
  }
  refused.statement = hasher.finish();
  return refused;
}

std::variant<GaveUp, std::string> read_statement(const v1::GatewayAbandon& message,
                                                 const StatedRound& round) {
  if (auto fault = common_fault(message.ctx_hash(), round); !fault.empty()) return fault;
  const auto statement =
      crypto::hash("abandon", {round.ctx_hash.view(), crypto::le32(message.count())});
  return GaveUp{statement, printable(message.reason()) + " (" + std::to_string(message.count()) +
                               " contributions)"};
}

std::string signature_fault(const v1::GatewaySum& message, const StatedRound& round,
                            const SumGiven& sum, const VerifyKey& gateway) {
  const auto request =
      crypto::hash("sum-request", {round.ctx_hash.view(), sum.survivors_hash.view()});
  auto fault = fault_unless_signed(gateway, "sum-request", request, message.request_signature());
  if (!fault.empty()) return fault;
  return fault_unless_signed(gateway, "sum", sum.statement, message.signature());
}
std::string signature_fault(const v1::MaskSum& message, const StatedRound&, const MaskGiven& mask,
                            const VerifyKey& helper) {
  return fault_unless_signed(helper, "mask-sum", mask.statement, message.signature());
}
std::string signature_fault(const v1::MaskRefusal& message, const StatedRound&,
                            const Refused& refusal, const VerifyKey& helper) {
  return fault_unless_signed(helper, "mask-refusal", refusal.statement, message.signature());
}
std::string signature_fault(const v1::GatewayAbandon& message, const StatedRound&,
                            const GaveUp& gave_up, const VerifyKey& gateway) {
  return fault_unless_signed(gateway, "abandon", gave_up.statement, message.signature());
}

std::string refusal_words(v1::HelperRefusal reason) {
  switch (reason) {
    case v1::HELPER_REFUSAL_BAD_CONTEXT:
      return "the context does not verify or is below its floor";
    case v1::HELPER_REFUSAL_EXPIRED:
      return "the round is not within its time; check the clocks";
    case v1::HELPER_REFUSAL_BAD_REQUEST:
      return "the gateway's request does not verify";
    case v1::HELPER_REFUSAL_BAD_DEVICE:
      return "a device is not certified, foreign, unlisted or revoked";
    case v1::HELPER_REFUSAL_BAD_TICKET:
      return "a device's ticket does not verify";
    case v1::HELPER_REFUSAL_DEVICE_TWICE:
      return "a device appears twice in the round";
    case v1::HELPER_REFUSAL_ALREADY_ANSWERED:
      return "it has answered this round for other survivors";
    case v1::HELPER_REFUSAL_VOID:
      return "it has promised never to answer this round";
    case v1::HELPER_REFUSAL_ROUND_TOO_OLD:
      return "the round is older than one it has answered";
    case v1::HELPER_REFUSAL_EPOCH:
      return "the helper key of the context is not its current one";
    default:
      return "no reason given";
  }
}

}  // namespace tributary::cloud::round
