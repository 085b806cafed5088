#include "gateway/engine/pairwise_sum.hpp"

#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/reveal_box.hpp"
#include "gateway/round/secret_search.hpp"

namespace tributary::gateway::engine {
namespace {

std::vector<std::vector<pairwise::Share>> shares_of(
    const KnownGroup& group, const std::vector<round::StoreReveal>& reveals) {
  std::vector<std::vector<pairwise::Share>> shares(group.members.size());
  std::vector<std::vector<bool>> seen(group.members.size());
  for (const auto& reveal : reveals) {
    const auto holder = group.index_of(reveal.device);
    auto opened = pairwise::decode_revealed(reveal.entries);
    if (!holder || !opened) continue;
    const auto neighbours = group.graph.neighbours(*holder);
    auto& places = seen[*holder];
    places.resize(neighbours.size());
    for (std::size_t i = 0; i < opened->size(); ++i) {
      const auto place = reveal.place + i;
      if (place >= neighbours.size() || places[place]) continue;
      places[place] = true;
      const auto owner = neighbours[place];
      const auto point = group.graph.share_point(owner, *holder);
      if ((*opened)[i] && point) shares[owner].push_back({*point, std::move(*(*opened)[i])});
    }
  }
  return shares;
}

// nullopt: one of them cannot be read.
std::optional<std::vector<pairwise::Published>> published_in(const std::vector<Bytes>& heads) {
  std::vector<pairwise::Published> published;
  for (const auto& bytes : heads) {
    const auto head = pairwise::decode_prekey_head(bytes);
    if (!head) return std::nullopt;
    published.push_back({head->mask_key, head->commitment});
  }
  return published;
}

std::vector<bool> fates(const KnownGroup& group, std::span<const round::Contribution> survivors) {
  std::vector<bool> survived(group.members.size());
  for (const auto& survivor : survivors) {
    if (const auto index = group.index_of(survivor.device)) survived[*index] = true;
  }
  return survived;
}

std::string words_of(const pairwise::UnmaskFault& fault, const KnownGroup& group) {
  const std::string who =
      fault.device < group.members.size() ? group.members[fault.device].hex() : "unknown";
  if (fault.kind == pairwise::UnmaskFault::Kind::unusable_key) {
    return "the mask key of device " + who + " is a low-order point";
  }
  return "the secret of device " + who + " does not fit what it published";
}

}  // namespace

PairwiseSum pairwise_sum(ChunkJournal& journal, const Admitted& round,
                         const PairwiseRound& pairwise, const Hash& survivors_hash,
                         std::span<const round::Contribution> survivors,
                         const std::vector<round::StoreReveal>& reveals,
                         const privacy::NoiseKey& noise_key) {
  const auto& group = *pairwise.group;
  const auto published = published_in(pairwise.heads);
  if (!published || published->size() != group.members.size()) {
    return {{"stored prekeys are damaged", {}, {}}, {}};
  }
  const auto survived = fates(group, survivors);
  auto found = round::find_secrets({group.graph, *published, survived, group.terms.threshold},
                                   shares_of(group, reveals));
  if (!found.wrong.empty()) return {{}, std::move(found.wrong)};
  auto words = journal.sum(round.layout, survivors);
  if (!words) return {{"stored updates are damaged", {}, {}}, {}};
  const auto fault = pairwise::unmask(round.layout.bits, group.graph, *published, found.opened,
                                      round.context.hash, *words);
  if (fault) return {{words_of(*fault, group), {}, {}}, {}};
  add_gateway_noise(round, survivors_hash, noise_key, *words);
  return {{{}, std::move(*words), {}}, {}};
}

}  // namespace tributary::gateway::engine
