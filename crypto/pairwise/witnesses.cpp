#include "crypto/pairwise/witnesses.hpp"

#include <algorithm>
#include <stdexcept>

#include "crypto/hash.hpp"
#include "crypto/pairwise/hypergeometric.hpp"
#include "crypto/public_draw.hpp"

namespace tributary::pairwise {

std::optional<WitnessPlan> plan_witnesses(std::uint32_t devices, std::uint32_t corrupt,
                                          std::uint32_t wanted, std::uint32_t sigma) {
  if (devices == 0 || corrupt > devices || wanted == 0 || wanted > most_witnesses) {
    throw std::invalid_argument("witnesses: no devices, too many corrupt, or not 1..255 wanted");
  }
  const std::uint32_t w = std::min(wanted, devices);
  const LogFactorials factorials(devices);
  const std::uint32_t corrupted = Hypergeometric(factorials, devices, corrupt, w)
                                      .upper_quantile(-static_cast<long double>(sigma));
  const std::uint32_t quorum = (w + corrupted) / 2 + 1;
  if (quorum + corrupted > w) return std::nullopt;
  return WitnessPlan{w, corrupted, quorum};
}

std::vector<std::uint32_t> choose_witnesses(const GraphSeed& graph, std::uint32_t slot,
                                            std::uint32_t devices, std::uint32_t witnesses) {
  if (witnesses > devices) throw std::invalid_argument("witnesses: more than there are devices");
  auto chosen =
      crypto::permutation(crypto::hash("witnesses", {graph.view(), crypto::le32(slot)}), devices);
  chosen.resize(witnesses);
  std::ranges::sort(chosen);
  return chosen;
}

}  // namespace tributary::pairwise
