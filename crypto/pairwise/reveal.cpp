#include "crypto/pairwise/reveal.hpp"

#include <algorithm>

#include "crypto/pairwise/fields.hpp"
#include "crypto/pairwise/parameters.hpp"

namespace tributary::pairwise {

ShareKind RevealRecord::kind_for(std::size_t place) const {
  const bool alive = survived.at(place / 8) >> (place % 8) & 1;
  return alive ? ShareKind::self_seed : ShareKind::mask_secret;
}

Bytes encode(const RevealRecord& record) {
  Bytes bytes = encode(record.vow);
  append(bytes, record.survived);
  return bytes;
}

std::optional<RevealRecord> decode_reveal_record(ByteView bytes) {
  if (bytes.size() != reveal_record_bytes) return std::nullopt;
  const auto vow = decode_slot_vow(bytes.first(slot_vow_bytes));
  if (!vow) return std::nullopt;
  RevealRecord record{*vow};
  std::ranges::copy(bytes.subspan(slot_vow_bytes), record.survived.begin());
  return record;
}

Outcome<RevealRecord, RevealFault> decide(const std::optional<RevealRecord>& last,
                                          const RevealTerms& terms,
                                          const SurvivorCertificate& certificate,
                                          const SurvivorSet& survivors) {
  const RoundName round{terms.graph.seed(), terms.ctx_hash, terms.slot};
  if (survivors.devices() != terms.graph.devices() ||
      check(certificate, round, survivors, terms.witnesses, terms.quorum) !=
          CertificateFault::none) {
    return RevealFault::bad_certificate;
  }
  if (survivors.size() < terms.survivors_min) return RevealFault::too_few_survivors;
  const auto vow = vow_for(last ? std::optional(last->vow) : std::nullopt, round, survivors);
  if (!vow) {
    return vow.reason() == VowFault::burnt_slot ? RevealFault::burnt_slot
                                                : RevealFault::other_survivors;
  }
  RevealRecord record{*vow};
  const auto neighbours = terms.graph.neighbours(terms.device);
  for (std::size_t place = 0; place < neighbours.size(); ++place) {
    if (survivors.contains(neighbours[place])) {
      record.survived[place / 8] |= static_cast<std::uint8_t>(1U << (place % 8));
    }
  }
  return record;
}

bool may_reveal(const RevealRecord& persisted, const ShareRequest& request) {
  return request.place < most_neighbours && persisted.vow.round == request.round &&
         persisted.kind_for(request.place) == request.kind;
}

}  // namespace tributary::pairwise
