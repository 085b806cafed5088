#include "crypto/pairwise/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "crypto/pairwise/hypergeometric.hpp"

namespace tributary::pairwise {
namespace {

constexpr std::uint32_t million = 1'000'000;
constexpr std::uint32_t diagnosis_limit = 2'000;  // neighbours tried to tell why there are none

std::uint32_t part_of(std::uint32_t devices, std::uint32_t millionths) {
  return static_cast<std::uint32_t>(std::uint64_t{devices} * millionths / million);
}

void require_in_range(const Assumptions& a) {
  if (a.devices < fewest_devices || a.devices > most_devices) {
    throw std::invalid_argument("pairwise: devices outside 3..100,000");
  }
  if (a.corrupt_millionths >= million || a.dropout_millionths >= million) {
    throw std::invalid_argument("pairwise: a share of devices is not below 1");
  }
  if (a.sigma < 1 || a.sigma > 128 || a.eta < 1 || a.eta > 128) {
    throw std::invalid_argument("pairwise: sigma or eta outside 1..128");
  }
}

// One population under one set of assumptions; answers for any k.
class Search {
 public:
  explicit Search(const Assumptions& assumptions)
      : a_(assumptions),
        n_(assumptions.devices),
        corrupt_(part_of(n_, assumptions.corrupt_millionths)),
        dropped_(part_of(n_, assumptions.dropout_millionths)),
        log2_n_(std::log2(static_cast<long double>(n_))),
        factorials_(n_) {}

  std::optional<Parameters> at(std::uint32_t k) const {
    if (!connected(k)) return std::nullopt;
    const std::uint32_t t1 =
        Hypergeometric(factorials_, n_, corrupt_, k).upper_quantile(-(a_.sigma + 1.0L) - log2_n_);
    const std::uint32_t t2 = Hypergeometric(factorials_, n_, n_ - dropped_, k)
                                 .lower_quantile(-static_cast<long double>(a_.eta) - log2_n_);
    const std::uint32_t least = smallest_threshold(t1, k);
    if (least > t2) return std::nullopt;
    return Parameters{k, least, t2};
  }

  std::optional<Parameters> up_to(std::uint32_t limit) const {
    const std::uint32_t complete = n_ - 1;
    if (n_ <= complete_graph_devices) return complete <= limit ? at(complete) : std::nullopt;
    for (std::uint32_t k = 2; k <= std::min(limit, complete); k += 2) {
      if (const auto found = at(k)) return found;
    }
    return complete <= limit ? at(complete) : std::nullopt;
  }

 private:
  // The honest survivors hang together, but for a chance of 2^-(sigma+1).
  bool connected(std::uint32_t k) const {
    const std::uint32_t bad = corrupt_ + dropped_;
    if (k > bad || k == n_ - 1) return true;
    long double log2_chance = log2_n_ + std::log2(static_cast<long double>(n_ - k - 1)) - 1;
    for (std::uint32_t i = 0; i < k; ++i) {
      log2_chance += std::log2(static_cast<long double>(bad - i) / (n_ - i));
    }
    return log2_chance < -(a_.sigma + 1.0L);
  }

  std::uint32_t smallest_threshold(std::uint32_t t1, std::uint32_t k) const {
    if (a_.gateway == GatewayModel::semi_honest) return t1 + 1;
    return (4 * (t1 + k) - 5 + 7) / 8 + 1;  // ceil((t1 + k - 1.25) / 2) + 1
  }

  Assumptions a_;
  std::uint32_t n_;
  std::uint32_t corrupt_;
  std::uint32_t dropped_;
  long double log2_n_;
  LogFactorials factorials_;
};

}  // namespace

Outcome<Parameters, Infeasible> find_parameters(const Assumptions& assumptions) {
  require_in_range(assumptions);
  const Search search(assumptions);
  if (const auto found = search.up_to(assumptions.neighbours_limit)) return *found;
  if (const auto more = search.up_to(diagnosis_limit)) return Infeasible{more->neighbours};
  return Infeasible{std::nullopt};
}

}  // namespace tributary::pairwise
