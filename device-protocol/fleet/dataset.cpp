#include "device-protocol/fleet/dataset.hpp"

#include "device-protocol/fleet/csv.hpp"
#include "device-protocol/fleet/digits.hpp"
#include "device-protocol/fleet/idx.hpp"

namespace tributary::fleet {

Outcome<Dataset> load_dataset(const std::string& spec, const std::filesystem::path& directory) {
  if (spec == "fashion-mnist") return load_fashion_mnist(directory);
  if (spec == "digits") return load_digits(directory);
  if (spec.starts_with("csv:") && spec.size() > 4) return load_csv_folder(spec.substr(4));
  return Fault{"unknown data '" + spec + "'; give fashion-mnist, digits or csv:DIR"};
}

void split_every_fifth(const Examples& all, Examples& train, Examples& test) {
  for (std::size_t row = 0; row < all.rows(); ++row) {
    (row % 5 == 4 ? test : train).append_row(all, row);
  }
}

}  // namespace tributary::fleet
