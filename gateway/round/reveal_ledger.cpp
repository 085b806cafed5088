#include "gateway/round/reveal_ledger.hpp"

#include "gateway/round/pairwise_terms.hpp"

namespace tributary::gateway::round {

RevealLedger::RevealLedger(std::shared_ptr<const PairwiseTerms> terms)
    : terms_(std::move(terms)),
      answered_(terms_->members.size()),
      owners_(terms_->members.size(), Owner{0, static_cast<std::uint16_t>(terms_->threshold)}),
      lacking_(terms_->members.size()) {}

void RevealLedger::enter(std::uint32_t holder, std::uint32_t place,
                         const std::vector<bool>& opened) {
  auto& places = answered_.at(holder);
  if (places.empty()) places.resize(terms_->graph.degree());
  const auto neighbours = terms_->graph.neighbours(holder);
  for (std::size_t i = 0; i < opened.size() && place + i < neighbours.size(); ++i) {
    if (places[place + i]) continue;
    places[place + i] = true;
    if (!opened[i]) continue;
    auto& owner = owners_[neighbours[place + i]];
    ++owner.shares;
    if (owner.shares == owner.needed) --lacking_;
  }
}

bool RevealLedger::answered(std::uint32_t holder, std::uint32_t place, std::size_t count) const {
  const auto& places = answered_.at(holder);
  if (places.size() < place + count) return false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!places[place + i]) return false;
  }
  return true;
}

void RevealLedger::need_more(std::uint32_t owner) {
  auto& at = owners_.at(owner);
  if (at.shares < at.needed) return;
  at.needed = static_cast<std::uint16_t>(at.shares + 1);
  ++lacking_;
}

std::optional<RevealLedger::Lack> RevealLedger::first_lack() const {
  for (std::uint32_t owner = 0; owner < owners_.size(); ++owner) {
    if (owners_[owner].shares < owners_[owner].needed) return Lack{owner, owners_[owner].shares};
  }
  return std::nullopt;
}

}  // namespace tributary::gateway::round
