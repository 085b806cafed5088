#include "device-protocol/fleet/csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "device-protocol/fleet/gzip_file.hpp"

namespace tributary::fleet {
namespace {

constexpr std::size_t kFileLimit = std::size_t{1} << 30;

std::string_view trim(std::string_view field) {
  const auto first = field.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  field = field.substr(first, field.find_last_not_of(" \t\r") - first + 1);
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
    field = field.substr(1, field.size() - 2);
  }
  return field;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (std::size_t begin = 0;;) {
    const auto comma = line.find(',', begin);
    fields.push_back(trim(line.substr(begin, comma - begin)));
    if (comma == std::string_view::npos) return fields;
    begin = comma + 1;
  }
}

// A number of any size, possibly not finite; nullopt when the field is no number.
std::optional<double> number(std::string_view field) {
  if (field.starts_with('+')) field.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || end != field.data() + field.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return HUGE_VAL;
  return value;
}

std::optional<long long> integer(std::string_view field) {
  long long value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || error != std::errc{} || end != field.data() + field.size()) {
    return std::nullopt;
  }
  return value;
}

bool is_head(const std::vector<std::string_view>& fields) {
  return std::none_of(fields.begin(), fields.end() - 1,
                      [](std::string_view field) { return number(field).has_value(); });
}

std::string at(const std::string& name, std::size_t row) {
  return name + ": row " + std::to_string(row);
}

// Adds one line to the table; the fault's text, or nothing.
std::optional<std::string> add_row(CsvTable& table, const std::vector<std::string_view>& fields,
                                   std::size_t row) {
  if (fields.size() != table.features + std::size_t{1}) {
    return at(table.name, row) + " has " + std::to_string(fields.size()) +
           " columns, the first has " + std::to_string(table.features + 1);
  }
  for (std::size_t column = 0; column < table.features; ++column) {
    const auto place = at(table.name, row) + ", column " + std::to_string(column + 1) + ": '" +
                       std::string(fields[column].substr(0, 32)) + "' ";
    const auto value = number(fields[column]);
    if (!value) return place + "is not a number";
    if (!std::isfinite(static_cast<float>(*value))) return place + "is not a finite number";
    table.values.push_back(static_cast<float>(*value));
  }
  if (fields.back().empty()) {
    return at(table.name, row) + ", column " + std::to_string(fields.size()) +
           ": the label is empty";
  }
  table.labels.emplace_back(fields.back());
  return std::nullopt;
}

Outcome<CsvTable> read_table(const std::filesystem::path& path) {
  auto content = read_gzip_file(path, kFileLimit);
  if (!content) return content.error();
  return parse_csv({reinterpret_cast<const char*>(content->data()), content->size()},
                   path.string());
}

Outcome<std::vector<CsvTable>> read_tables(const std::filesystem::path& directory) {
  std::error_code error;
  std::set<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".csv") paths.insert(entry.path());
  }
  if (error) return Fault{directory.string() + ": cannot be listed: " + error.message()};
  std::vector<CsvTable> tables;
  for (const auto& path : paths) {
    auto table = read_table(path);
    if (!table) return table.error();
    if (!tables.empty() && table->features != tables.front().features) {
      return Fault{table->name + " has " + std::to_string(table->features) + " feature columns, " +
                   tables.front().name + " has " + std::to_string(tables.front().features)};
    }
    tables.push_back(std::move(*table));
  }
  return tables;
}

bool is_test(const CsvTable& table) {
  return std::filesystem::path(table.name).filename() == "test.csv";
}

}  // namespace

Outcome<CsvTable> parse_csv(std::string_view text, const std::string& name) {
  CsvTable table;
  table.name = name;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::size_t row = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++row;
    if (trim(line).empty() && text.find_first_not_of(" \t\r\n") == std::string_view::npos) break;
    const auto fields = split(line);
    if (row == 1) {
      if (fields.size() < 2) return Fault{at(name, row) + " needs a feature column and a label"};
      table.features = static_cast<std::uint32_t>(fields.size() - 1);
      if (is_head(fields)) continue;
    }
    if (auto fault = add_row(table, fields, row)) return Fault{*fault};
  }
  if (table.labels.empty()) return Fault{name + ": no examples in it"};
  return table;
}

std::vector<std::string> sorted_classes(const std::vector<CsvTable>& tables) {
  std::set<std::string> names;
  for (const auto& table : tables) names.insert(table.labels.begin(), table.labels.end());
  std::vector<std::string> classes(names.begin(), names.end());
  const auto numeric = std::all_of(classes.begin(), classes.end(), [](const std::string& label) {
    return integer(label).has_value();
  });
  if (numeric) {
    std::sort(classes.begin(), classes.end(),
              [](const std::string& a, const std::string& b) { return *integer(a) < *integer(b); });
  }
  return classes;
}

Examples examples_from_csv(const CsvTable& table, const std::vector<std::string>& classes) {
  std::map<std::string_view, std::uint32_t> place;
  for (std::uint32_t i = 0; i < classes.size(); ++i) place.emplace(classes[i], i);
  Examples examples;
  examples.features = table.features;
  examples.values = table.values;
  for (const auto& label : table.labels) examples.labels.push_back(place.at(label));
  return examples;
}

Outcome<Dataset> load_csv_folder(const std::filesystem::path& directory) {
  auto tables = read_tables(directory);
  if (!tables) return tables.error();
  const auto has_test = std::any_of(tables->begin(), tables->end(), is_test);
  if (tables->size() <= (has_test ? 1U : 0U)) {
    return Fault{directory.string() + ": no client files; one FILE.csv per client is expected"};
  }
  const auto classes = sorted_classes(*tables);
  if (classes.size() < 2) return Fault{directory.string() + ": all labels are the same"};
  Dataset data;
  data.name = "csv:" + directory.string();
  data.classes = static_cast<std::uint32_t>(classes.size());
  data.train.features = data.test.features = tables->front().features;
  for (const auto& table : *tables) {
    const auto all = examples_from_csv(table, classes);
    if (is_test(table)) {
      data.test = all;
      continue;
    }
    const auto before = data.train.rows();
    if (has_test) {
      for (std::size_t row = 0; row < all.rows(); ++row) data.train.append_row(all, row);
    } else {
      split_every_fifth(all, data.train, data.test);
    }
    data.file_rows.push_back(data.train.rows() - before);
  }
  if (data.test.rows() == 0) {
    return Fault{directory.string() +
                 ": no client has 5 rows and there is no test.csv: nothing to test on"};
  }
  return data;
}

}  // namespace tributary::fleet
