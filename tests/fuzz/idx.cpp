// IDX files: an array has exactly the bytes its dimensions say, anything else is a fault that names the file.
#include "device-protocol/fleet/idx.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const auto parsed = fleet::parse_idx({data, size}, "images.idx");
  if (!parsed) {
    fuzz::require(parsed.error().text.find("images.idx") != std::string::npos,
                  "a fault names the file");
    return 0;
  }
  std::size_t product = 1;
  for (const auto dimension : parsed->dimensions) {
    fuzz::require(dimension > 0, "no dimension is empty");
    product *= dimension;
  }
  fuzz::require(product == parsed->bytes.size(), "bytes are the product of the dimensions");
  fuzz::require(parsed->bytes.size() + 4 + 4 * parsed->dimensions.size() == size,
                "nothing is left over");
  return 0;
}
