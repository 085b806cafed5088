#include "device-protocol/fleet/partition.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "device-protocol/fleet/chance.hpp"

namespace tributary::fleet {
namespace {

using Rows = std::vector<std::uint32_t>;

void shuffle(Rows& rows, Chance& chance) {
  for (std::size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[chance.below(i)]);
}

std::vector<Rows> deal_evenly(std::size_t count, std::size_t devices, Chance& chance) {
  Rows all(count);
  std::iota(all.begin(), all.end(), 0U);
  shuffle(all, chance);
  std::vector<Rows> parts(devices);
  for (std::size_t i = 0; i < count; ++i) parts[i % devices].push_back(all[i]);
  return parts;
}

std::vector<double> dirichlet(double alpha, std::size_t size, Chance& chance) {
  std::vector<double> shares(size);
  for (auto& share : shares) share = chance.log_gamma_variate(alpha);
  const double largest = *std::max_element(shares.begin(), shares.end());
  for (auto& share : shares) share = std::exp(share - largest);
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (auto& share : shares) share /= total;
  return shares;
}

// Devices that got next to nothing take from the richest one.
void feed_the_poor(std::vector<Rows>& parts) {
  const auto smaller = [](const Rows& a, const Rows& b) { return a.size() < b.size(); };
  for (auto& part : parts) {
    while (part.size() < kFewestExamples) {
      auto& richest = *std::max_element(parts.begin(), parts.end(), smaller);
      part.push_back(richest.back());
      richest.pop_back();
    }
  }
}

std::vector<Rows> deal_by_class(const Dataset& data, double alpha, std::size_t devices,
                                Chance& chance) {
  std::vector<Rows> by_class(data.classes);
  for (std::uint32_t row = 0; row < data.train.rows(); ++row) {
    by_class[data.train.labels[row]].push_back(row);
  }
  std::vector<Rows> parts(devices);
  for (auto& rows : by_class) {
    shuffle(rows, chance);
    double end = 0;
    std::size_t taken = 0;
    const auto shares = dirichlet(alpha, devices, chance);
    for (std::size_t device = 0; device < devices; ++device) {
      end += shares[device];
      const bool last = device + 1 == devices;
      const auto until = last ? rows.size()
                              : std::min(rows.size(), static_cast<std::size_t>(std::llround(
                                                          end * static_cast<double>(rows.size()))));
      for (; taken < until; ++taken) parts[device].push_back(rows[taken]);
    }
  }
  feed_the_poor(parts);
  return parts;
}

std::vector<Rows> by_file(const Dataset& data) {
  std::vector<Rows> parts;
  std::uint32_t next = 0;
  for (const auto count : data.file_rows) {
    parts.emplace_back(count);
    std::iota(parts.back().begin(), parts.back().end(), next);
    next += static_cast<std::uint32_t>(count);
  }
  return parts;
}

}  // namespace

Outcome<PartitionSpec> parse_partition(const std::string& text) {
  if (text == "iid") return PartitionSpec{PartitionSpec::Kind::iid, 0};
  if (text == "per-file") return PartitionSpec{PartitionSpec::Kind::per_file, 0};
  const std::string prefix = "dirichlet:";
  if (text.starts_with(prefix)) {
    double alpha = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + prefix.size(), end, alpha);
    if (error == std::errc{} && stop == end && alpha >= 0.001 && alpha <= 1e6) {
      return PartitionSpec{PartitionSpec::Kind::dirichlet, alpha};
    }
  }
  return Fault{"unknown partition '" + text +
               "'; give iid, dirichlet:ALPHA with ALPHA from 0.001 to 1e6, or per-file"};
}

Outcome<std::vector<std::vector<std::uint32_t>>> partition_rows(const Dataset& data,
                                                                const PartitionSpec& spec,
                                                                std::size_t devices,
                                                                std::uint64_t seed) {
  if (spec.kind == PartitionSpec::Kind::per_file) {
    if (data.file_rows.size() != devices) {
      return Fault{data.name + " has " + std::to_string(data.file_rows.size()) +
                   " client files, but there are " + std::to_string(devices) +
                   " devices; per-file needs one for each"};
    }
    return by_file(data);
  }
  if (devices == 0 || data.train.rows() < devices * kFewestExamples) {
    return Fault{data.name + " has " + std::to_string(data.train.rows()) +
                 " training examples: too few for " + std::to_string(devices) + " devices"};
  }
  Chance chance(seed);
  auto parts = spec.kind == PartitionSpec::Kind::iid
                   ? deal_evenly(data.train.rows(), devices, chance)
                   : deal_by_class(data, spec.alpha, devices, chance);
  for (auto& part : parts) std::sort(part.begin(), part.end());
  return parts;
}

PartitionedExamples::PartitionedExamples(const Dataset& data,
                                         const std::vector<std::vector<std::uint32_t>>& rows)
    : classes_(data.classes), begins_{0} {
  examples_.features = data.train.features;
  examples_.values.reserve(data.train.values.size());
  examples_.labels.reserve(data.train.rows());
  for (const auto& part : rows) {
    for (const auto row : part) examples_.append_row(data.train, row);
    begins_.push_back(examples_.rows());
  }
}

LocalExamples PartitionedExamples::of(std::size_t device) const {
  const auto begin = begins_[device];
  return {examples_.row(begin), examples_.labels.data() + begin, examples_.features, classes_,
          static_cast<std::uint32_t>(begins_[device + 1] - begin)};
}

}  // namespace tributary::fleet
