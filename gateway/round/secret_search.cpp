#include "gateway/round/secret_search.hpp"

#include <algorithm>
#include <numeric>

namespace tributary::gateway::round {
namespace {

using pairwise::Share;

// Next choice in lexicographic order of ascending places below `from`; false: that was the last.
bool next_choice(std::vector<std::size_t>& places, std::size_t from) {
  for (std::size_t i = places.size(); i-- > 0;) {
    if (places[i] + (places.size() - i) >= from) continue;
    ++places[i];
    for (std::size_t j = i + 1; j < places.size(); ++j) places[j] = places[j - 1] + 1;
    return true;
  }
  return false;
}

std::optional<pairwise::SharedSecret> interpolate(const std::vector<Share>& shares,
                                                  const std::vector<std::size_t>& places) {
  Bytes points;
  std::vector<const pairwise::ShareValue*> values;
  for (const auto place : places) {
    points.push_back(shares[place].point);
    values.push_back(&shares[place].value);
  }
  const auto interpolation = pairwise::Interpolation::over(points);
  if (!interpolation) return std::nullopt;
  return interpolation->reconstruct(values);
}

// The first secret that `fits` what its owner published.
template <class Fits>
std::optional<pairwise::SharedSecret> search(const std::vector<Share>& shares,
                                             std::size_t threshold, const Fits& fits) {
  if (shares.size() < threshold) return std::nullopt;
  std::vector<std::size_t> places(threshold);
  std::iota(places.begin(), places.end(), std::size_t{0});
  for (std::size_t tries = 0; tries < most_tries; ++tries) {
    auto secret = interpolate(shares, places);
    if (secret && fits(*secret)) return secret;
    if (!next_choice(places, shares.size())) break;
  }
  return std::nullopt;
}

}  // namespace

FoundSecrets find_secrets(const SecretTerms& terms, const std::vector<std::vector<Share>>& shares) {
  FoundSecrets found;
  for (std::uint32_t owner = 0; owner < terms.graph.devices(); ++owner) {
    const auto& published = terms.published[owner];
    const bool survived = terms.survived[owner];
    const auto secret =
        search(shares[owner], terms.threshold, [&](const pairwise::SharedSecret& value) {
          if (survived) {
            return commitment(*pairwise::SelfSeed::from(value.expose())) == published.commitment;
          }
          return mask_key(*pairwise::MaskSecret::from(value.expose())) == published.key;
        });
    if (!secret) {
      found.wrong.push_back(owner);
    } else if (survived) {
      found.opened.survivors.push_back({owner, *pairwise::SelfSeed::from(secret->expose())});
    } else {
      found.opened.dropped.push_back({owner, *pairwise::MaskSecret::from(secret->expose())});
    }
  }
  return found;
}

}  // namespace tributary::gateway::round
