// The digits data set that Debian's python3-sklearn carries: 1,797 images of 8 x 8 pixels, 10
// classes, without a head line.
#pragma once

#include "device-protocol/fleet/dataset.hpp"

namespace tributary::fleet {

// Looks for digits.csv.gz in and below `directory`; when that is empty in $TRIBUTARY_DATA, then in
// build/data below the current folder. Pixels / 16; every fifth row is test.
Outcome<Dataset> load_digits(const std::filesystem::path& directory);

}  // namespace tributary::fleet
