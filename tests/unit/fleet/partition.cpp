#include "device-protocol/fleet/partition.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "device-protocol/fleet/chance.hpp"

using namespace tributary::fleet;

namespace {

// Row r has the one feature r and label r % classes.
Dataset rows_of(std::size_t count, std::uint32_t classes) {
  Dataset data;
  data.name = "rows";
  data.classes = classes;
  data.train.features = 1;
  for (std::size_t row = 0; row < count; ++row) {
    const auto value = static_cast<float>(row);
    data.train.append(&value, static_cast<std::uint32_t>(row % classes));
  }
  data.file_rows = {count / 2, count - count / 2};
  return data;
}

bool nothing_lost_or_doubled(const std::vector<std::vector<std::uint32_t>>& parts,
                             std::size_t count) {
  std::vector<std::uint32_t> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  std::vector<std::uint32_t> expected(count);
  std::iota(expected.begin(), expected.end(), 0U);
  return all == expected;
}

// Mean over devices of the share of a device's most frequent class: 1/classes even, 1 all apart.
double skew(const Dataset& data, const std::vector<std::vector<std::uint32_t>>& parts) {
  double total = 0;
  for (const auto& part : parts) {
    std::vector<std::size_t> counts(data.classes);
    for (const auto row : part) ++counts[data.train.labels[row]];
    total += static_cast<double>(*std::max_element(counts.begin(), counts.end())) /
             static_cast<double>(part.size());
  }
  return total / static_cast<double>(parts.size());
}

}  // namespace

TEST_CASE("partition specs") {
  CHECK(parse_partition("iid")->kind == PartitionSpec::Kind::iid);
  CHECK(parse_partition("per-file")->kind == PartitionSpec::Kind::per_file);
  CHECK(parse_partition("dirichlet:0.5")->alpha == 0.5);
  for (const auto* bad : {"", "IID", "dirichlet", "dirichlet:", "dirichlet:0", "dirichlet:-1",
                          "dirichlet:1x", "dirichlet:nan", "dirichlet:inf", "dirichlet:1e9"}) {
    CAPTURE(bad);
    CHECK(!parse_partition(bad));
  }
}

TEST_CASE("every partition keeps every example exactly once and feeds every device") {
  for (const auto* spec : {"iid", "dirichlet:0.001", "dirichlet:0.5", "dirichlet:100"}) {
    for (const std::size_t devices : {1U, 7U, 40U, 100U}) {
      for (const std::uint64_t seed : {0U, 1U, 99U}) {
        CAPTURE(spec);
        CAPTURE(devices);
        CAPTURE(seed);
        const auto data = rows_of(203, 5);
        const auto parts = partition_rows(data, *parse_partition(spec), devices, seed);
        REQUIRE(parts.has_value());
        CHECK(parts->size() == devices);
        CHECK(nothing_lost_or_doubled(*parts, 203));
        for (const auto& part : *parts) {
          CHECK(part.size() >= kFewestExamples);
          CHECK(std::is_sorted(part.begin(), part.end()));
        }
      }
    }
  }
}

TEST_CASE("the same seed gives the same partition, another seed another") {
  const auto data = rows_of(500, 10);
  for (const auto* text : {"iid", "dirichlet:0.5"}) {
    const auto spec = *parse_partition(text);
    CHECK(*partition_rows(data, spec, 10, 3) == *partition_rows(data, spec, 10, 3));
    CHECK(*partition_rows(data, spec, 10, 3) != *partition_rows(data, spec, 10, 4));
  }
}

TEST_CASE("a partition is the same on every machine") {
  const auto parts = *partition_rows(rows_of(12, 3), *parse_partition("dirichlet:1"), 3, 1);
  const auto again = *partition_rows(rows_of(12, 3), *parse_partition("dirichlet:1"), 3, 1);
  CHECK(parts == again);
  Chance chance(1);
  CHECK(chance.next() == 0x910a2dec89025cc1U);
}

TEST_CASE("iid is even in size and in classes; a small alpha separates the classes") {
  const auto data = rows_of(5000, 10);
  const auto iid = *partition_rows(data, *parse_partition("iid"), 25, 1);
  for (const auto& part : iid) CHECK(part.size() == 200);
  const auto even = skew(data, *partition_rows(data, *parse_partition("dirichlet:1000"), 25, 1));
  const auto half = skew(data, *partition_rows(data, *parse_partition("dirichlet:0.5"), 25, 1));
  const auto apart = skew(data, *partition_rows(data, *parse_partition("dirichlet:0.01"), 25, 1));
  CHECK(skew(data, iid) < 0.2);
  CHECK(even < 0.2);
  CHECK(half > 0.25);
  CHECK(half < 0.7);
  CHECK(apart > 0.8);
}

TEST_CASE("class shares have the mean and the variance of a Dirichlet distribution") {
  // One class, n devices: share_i ~ Beta(alpha, (n-1) alpha): mean 1/n, variance
  // (n-1) / (n^2 (n alpha + 1)).
  const auto data = rows_of(2000, 1);
  constexpr std::size_t kDevices = 4;
  constexpr double kAlpha = 0.5;
  double sum = 0;
  double squares = 0;
  constexpr int kDraws = 400;
  for (int seed = 0; seed < kDraws; ++seed) {
    const PartitionSpec spec{PartitionSpec::Kind::dirichlet, kAlpha};
    const auto parts = *partition_rows(data, spec, kDevices, static_cast<std::uint64_t>(seed));
    const double share = static_cast<double>(parts[0].size()) / 2000;
    sum += share;
    squares += share * share;
  }
  const double mean = sum / kDraws;
  CHECK(mean == doctest::Approx(0.25).epsilon(0.2));
  CHECK(squares / kDraws - mean * mean == doctest::Approx(3.0 / (16 * 3)).epsilon(0.25));
}

TEST_CASE("per-file keeps the files apart and wants one device for each") {
  const auto data = rows_of(11, 2);
  const PartitionSpec spec{PartitionSpec::Kind::per_file, 0};
  const auto parts = partition_rows(data, spec, 2, 1);
  REQUIRE(parts.has_value());
  CHECK((*parts)[0] == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
  CHECK(nothing_lost_or_doubled(*parts, 11));
  CHECK(partition_rows(data, spec, 3, 1)
            .error()
            .text.find("2 client files, but there are 3 devices") != std::string::npos);
}

TEST_CASE("too many devices for the examples is refused") {
  CHECK(!partition_rows(rows_of(10, 2), *parse_partition("iid"), 6, 1));
  CHECK(!partition_rows(rows_of(10, 2), *parse_partition("iid"), 0, 1));
  CHECK(partition_rows(rows_of(10, 2), *parse_partition("iid"), 5, 1).has_value());
}

TEST_CASE("each device sees exactly its rows with their labels") {
  const auto data = rows_of(60, 3);
  const auto parts = *partition_rows(data, *parse_partition("dirichlet:0.5"), 6, 1);
  const PartitionedExamples examples(data, parts);
  REQUIRE(examples.devices() == 6);
  for (std::size_t device = 0; device < 6; ++device) {
    const auto local = examples.of(device);
    REQUIRE(local.rows == parts[device].size());
    CHECK(local.classes == 3);
    for (std::uint32_t i = 0; i < local.rows; ++i) {
      CHECK(local.values[i] == static_cast<float>(parts[device][i]));
      CHECK(local.labels[i] == parts[device][i] % 3);
    }
  }
}
