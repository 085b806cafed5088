// What the fleet itself has to know of an offer, read without checking its signature: the device
// library does that. Used to give a device the trainer of the offered model and to decide where in
// the round it vanishes.
#pragma once

#include <optional>
#include <string>

#include "crypto/bytes.hpp"
#include "device-protocol/fleet/round_board.hpp"
#include "device-protocol/fleet/vanish.hpp"

namespace tributary::fleet {

struct OfferView {
  Hash ctx_hash;
  RoundPlace place;
  std::string model;
  std::uint32_t parameters = 0;
  RoundLength length;
};

// nullopt: not an offer.
std::optional<OfferView> view_offer(ByteView payload);

// The reason of a Reject, 0 when it cannot be read.
std::size_t reject_reason(ByteView payload);

}  // namespace tributary::fleet
