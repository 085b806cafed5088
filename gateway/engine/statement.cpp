#include "gateway/engine/statement.hpp"

#include "uplink.pb.h"

namespace tributary::gateway::engine {
namespace {

std::string tickets_for(std::size_t helper, const std::vector<round::Contribution>& survivors) {
  std::string tickets;
  tickets.reserve(survivors.size() * Ticket::size);
  for (const auto& survivor : survivors) tickets += survivor.tickets[helper].raw();
  return tickets;
}

}  // namespace

std::string gateway_sum(const Identity& identity, const Hash& ctx_hash, std::size_t helpers,
                        const round::SubmitSum& sum) {
  v1::GatewaySum message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_survivors_hash(sum.survivors_hash.raw());
  for (const auto& survivor : sum.survivors) {
    auto* entry = message.add_survivors();
    entry->set_device_id(survivor.device.raw());
    entry->set_nonce(survivor.nonce.raw());
    entry->set_digest(survivor.digest.raw());
  }
  for (std::size_t helper = 0; helper < helpers; ++helper) {
    message.add_tickets()->set_tickets(tickets_for(helper, sum.survivors));
  }
  message.set_words(sum.words.data(), sum.words.size());
  const Hash request = crypto::hash("sum-request", {ctx_hash.view(), sum.survivors_hash.view()});
  message.set_request_signature(crypto::sign(identity.key, "sum-request", request).raw());
  const auto count = crypto::le32(static_cast<std::uint32_t>(sum.survivors.size()));
  const Hash statement = crypto::hash("sum", {ctx_hash.view(), sum.survivors_hash.view(), count,
                                              crypto::body_hash(sum.words).view()});
  message.set_signature(crypto::sign(identity.key, "sum", statement).raw());
  return message.SerializeAsString();
}

std::string gateway_abandon(const Identity& identity, const Hash& ctx_hash,
                            const round::Abandon& abandon) {
  v1::GatewayAbandon message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_count(abandon.count);
  message.set_reason(abandon.reason);
  const Hash statement = crypto::hash("abandon", {ctx_hash.view(), crypto::le32(abandon.count)});
  message.set_signature(crypto::sign(identity.key, "abandon", statement).raw());
  return message.SerializeAsString();
}

}  // namespace tributary::gateway::engine
