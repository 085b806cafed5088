#include "gateway/engine/admission.hpp"

#include <algorithm>

namespace tributary::gateway::engine {
namespace {

std::chrono::sys_seconds time_of(std::uint64_t seconds) {
  return std::chrono::sys_seconds{
      std::chrono::seconds{std::min<std::uint64_t>(seconds, 1ULL << 40)}};
}

std::uint32_t draw(std::string_view label, ByteView from, const DeviceId& device) {
  const Hash hash = crypto::hash(label, {from, device.view()});
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) number |= std::uint32_t{hash.bytes[i]} << (8 * i);
  return number;
}

}  // namespace

std::variant<Admitted, std::string> admit(const Identity& identity, std::string_view bytes,
                                          std::string_view signature) {
  const auto signed_by = Signature::from(signature);
  if (!signed_by ||
      !crypto::verify(identity.coordinator, "ctx", wire::ctx_hash(bytes), *signed_by)) {
    return "its signature does not verify under coordinator.pub";
  }
  auto parsed = wire::parse_context(bytes);
  if (auto* fault = std::get_if<std::string>(&parsed)) return std::move(*fault);
  auto& context = std::get<wire::Context>(parsed);
  if (context.tenant != identity.tenant) return "it is for tenant '" + context.tenant + "'";
  if (context.gateway != identity.id) return "it is for gateway " + context.gateway.hex();
  const WordLayout layout{context.encoding.bits, context.encoding.words(), context.chunk_bytes,
                          context.chunks()};
  const auto not_before = time_of(context.not_before);
  const auto deadline = time_of(context.deadline);
  return Admitted{std::move(context), layout, not_before, deadline};
}

round::Plan plan_of(const wire::Context& context, round::Instant deadline) {
  return {context.hash,
          context.chunks(),
          static_cast<std::uint32_t>(context.helpers.size()),
          context.n_min,
          context.n_target,
          context.n_max,
          deadline,
          std::chrono::seconds(context.patience_seconds)};
}

bool selected(const wire::Context& context, const DeviceId& device) {
  const auto apart = context.encoding.noisy() ? context.privacy.participation.separation : 1;
  if (apart > 1 && draw("cohort", context.task.view(), device) % apart != context.round % apart) {
    return false;
  }
  return draw("select", context.hash.view(), device) <= context.participation_threshold;
}

}  // namespace tributary::gateway::engine
