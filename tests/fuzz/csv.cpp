// CSV of a client: a table has whole rows and finite numbers, anything else a fault that names the file.
#include <cmath>
#include <cstdlib>

#include "device-protocol/fleet/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary::fleet;
  const auto parsed = parse_csv({reinterpret_cast<const char*>(data), size}, "client.csv");
  if (parsed) {
    const auto* table = &*parsed;
    if (table->values.size() != table->labels.size() * table->features) std::abort();
    for (const float value : table->values) {
      if (!std::isfinite(value)) std::abort();
    }
  } else if (parsed.error().text.find("client.csv") == std::string::npos) {
    std::abort();
  }
  return 0;
}
