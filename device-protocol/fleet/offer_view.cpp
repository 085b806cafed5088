#include "device-protocol/fleet/offer_view.hpp"

#include <algorithm>

#include "crypto/hash.hpp"
#include "device-protocol/fleet/tally.hpp"
#include "tributary.pb.h"

namespace tributary::fleet {

namespace {

// About how many parameters travel: the last block may be short.
std::uint64_t travelling(const v1::RoundContext& context) {
  if (!context.has_subset()) return context.parameters();
  const auto& subset = context.subset();
  const auto blocks = std::uint64_t{subset.block_words()} * subset.blocks();
  return subset.block_words() == 0 ? subset.count()
                                   : std::min<std::uint64_t>(subset.count(), blocks);
}

}  // namespace

std::optional<OfferView> view_offer(ByteView payload) {
  v1::Offer offer;
  v1::RoundContext context;
  if (payload.empty() || !offer.ParseFromArray(payload.data(), static_cast<int>(payload.size())) ||
      !context.ParseFromString(offer.context())) {
    return std::nullopt;
  }
  OfferView view;
  view.ctx_hash = crypto::hash("ctx", {view_of(offer.context())});
  view.place = {context.gateway_id() + context.task_id(), context.round()};
  view.model = context.model();
  view.parameters = context.parameters();
  const auto bytes = travelling(context) * (context.encoding().ring_bits() / 8);
  const auto chunk = std::max<std::uint32_t>(context.chunk_bytes(), 1);
  view.length = {context.training().local_steps(), static_cast<std::uint32_t>(bytes / chunk + 1),
                 context.mode() == v1::TRUST_MODE_PAIRWISE};
  return view;
}

std::size_t reject_reason(ByteView payload) {
  v1::Reject reject;
  if (!reject.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return 0;
  const auto reason = static_cast<std::size_t>(reject.reason());
  return reason < Tally::kReasons ? reason : 0;
}

}  // namespace tributary::fleet
