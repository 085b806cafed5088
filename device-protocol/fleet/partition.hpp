// Who of the devices holds which training examples. A pure function of its arguments: the same
// partition on every machine and in every run.
#pragma once

#include "device-protocol/fleet/dataset.hpp"

namespace tributary::fleet {

// Every device gets at least this many examples.
inline constexpr std::size_t kFewestExamples = 2;

struct PartitionSpec {
  enum class Kind { iid, dirichlet, per_file };
  Kind kind = Kind::iid;
  double alpha = 0;  // dirichlet: concentration, 0.001..1e6; smaller is more skewed
};

// "iid", "dirichlet:ALPHA" or "per-file".
Outcome<PartitionSpec> parse_partition(const std::string& text);

// For each device the rows of data.train it holds: every row in exactly one list, each list
// ascending. iid: shuffled and dealt evenly. dirichlet: each class is divided by proportions drawn
// from Dir(alpha). per_file: device i holds file i. Faults: too few examples, or a number of
// devices that is not the number of files.
Outcome<std::vector<std::vector<std::uint32_t>>> partition_rows(const Dataset& data,
                                                                const PartitionSpec& spec,
                                                                std::size_t devices,
                                                                std::uint64_t seed);

// A device's examples, in memory that PartitionedExamples owns.
struct LocalExamples {
  const float* values = nullptr;
  const std::uint32_t* labels = nullptr;
  std::uint32_t features = 0;
  std::uint32_t classes = 0;
  std::uint32_t rows = 0;
};

// The training examples in the order of the devices, so that each device's are contiguous and no
// example is in memory twice. Constant after construction; any thread may read.
class PartitionedExamples {
 public:
  PartitionedExamples() = default;
  PartitionedExamples(const Dataset& data, const std::vector<std::vector<std::uint32_t>>& rows);
  std::size_t devices() const { return begins_.empty() ? 0 : begins_.size() - 1; }
  LocalExamples of(std::size_t device) const;

 private:
  Examples examples_;
  std::uint32_t classes_ = 0;
  std::vector<std::size_t> begins_;
};

}  // namespace tributary::fleet
