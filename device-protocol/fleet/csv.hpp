// Numeric tables as comma-separated text: one example a row, the label in the last column, an
// optional head line. Every fault names the file, the row (counted from 1 as an editor does) and,
// where it is one field, the column (from 1).
#pragma once

#include <string_view>

#include "device-protocol/fleet/dataset.hpp"

namespace tributary::fleet {

// One file with its labels still as text.
struct CsvTable {
  std::string name;
  std::uint32_t features = 0;
  std::vector<float> values;
  std::vector<std::string> labels;
};

// The first line is a head when none of its feature columns is a number. Blank lines at the end are
// ignored; fields may be in double quotes. Numbers must be finite.
Outcome<CsvTable> parse_csv(std::string_view text, const std::string& name);

// Distinct labels of all tables: numerically ascending when all are integers, else as text.
std::vector<std::string> sorted_classes(const std::vector<CsvTable>& tables);

// The examples of one table. `classes` comes from sorted_classes over at least this table.
Examples examples_from_csv(const CsvTable& table, const std::vector<std::string>& classes);

// DIR/*.csv in the order of their names, one client each; test.csv is the test set, without it
// every fifth row of each client is.
Outcome<Dataset> load_csv_folder(const std::filesystem::path& directory);

}  // namespace tributary::fleet
