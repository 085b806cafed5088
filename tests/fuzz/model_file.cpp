// npy and safetensors: what is read is written, and read again as the same values.
#include <cstdlib>

#include "cloud/cli/files.hpp"
#include "cloud/cli/npy.hpp"
#include "cloud/cli/safetensors.hpp"

namespace {

template <class Read, class Write>
void check(Read read, Write write) {
  std::vector<float> values;
  try {
    values = read();
  } catch (const tributary::cli::CommandFault&) {
    return;  // said in words what is wrong
  }
  if (write(values) != values) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary::cli;
  const std::string_view content(reinterpret_cast<const char*>(data), size);
  const std::string architecture = "mlp:2-1";
  check([&] { return npy_values(content); },
        [](const auto& values) { return npy_values(npy_of(values)); });
  check([&] { return safetensors_values(content, architecture); },
        [&](const auto& values) {
          return safetensors_values(safetensors_of(values, architecture, "hash"), architecture);
        });
  return 0;
}
