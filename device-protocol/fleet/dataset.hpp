// A data set: training examples in the order of their files, and a test set nobody trains on.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "device-protocol/fleet/examples.hpp"
#include "device-protocol/fleet/outcome.hpp"

namespace tributary::fleet {

struct Dataset {
  std::string name;
  std::uint32_t classes = 0;
  Examples train;
  Examples test;
  // Rows of `train` that came from each client's file, in order; one entry when the source has no
  // clients of its own.
  std::vector<std::size_t> file_rows;
};

// Loads "fashion-mnist", "digits" or "csv:DIR". `directory` overrides where the files of the first
// two are looked for; empty: their usual places (README.md).
Outcome<Dataset> load_dataset(const std::string& spec, const std::filesystem::path& directory);

// Moves every fifth row of `all` (the fifth, the tenth, ..) to `test`, the others to `train`.
void split_every_fifth(const Examples& all, Examples& train, Examples& test);

}  // namespace tributary::fleet
