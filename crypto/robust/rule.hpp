// A robust rule as a task names it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/robust/centred_clipping.hpp"

namespace tributary::robust {

enum class Kind {
  mean,
  norm_filter,
  coordinate_median,
  trimmed_mean,
  krum,
  multi_krum,
  centred_clipping
};
// "mean", "norm-filter", "median", "trimmed-mean", "krum", "multi-krum", "centred-clipping".
std::optional<Kind> kind_of(std::string_view name);
std::string_view name_of(Kind kind);

struct Rule {
  Kind kind = Kind::mean;
  std::uint32_t attackers = 0;   // tolerated: trimmed-mean, krum, multi-krum
  double factor = 2;             // norm-filter
  Clipping clipping = {1.0, 3};  // centred-clipping
};

// Why the rule cannot be used over `updates` of them; empty: it can. For tasks, before any round.
std::string fault_of(const Rule& rule, std::size_t updates);

struct Aggregate {
  std::vector<float> values;
  std::vector<std::size_t>
      left_out;  // whom the rule did not believe, ascending; only of rules that choose
};
// Throws std::invalid_argument where fault_of() is not empty or the updates are not sound. `start` is
// for centred clipping; empty means zeros. multi-krum keeps n - f - 2.
Aggregate aggregate(const Rule& rule, std::span<const Update> updates,
                    std::span<const float> start = {});

}  // namespace tributary::robust
