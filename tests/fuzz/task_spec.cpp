// Task specs: what is accepted is written and read again as the same spec; what is not has faults in words.
#include "cloud/round/task_spec.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const auto nobody = [](std::string_view) { return std::optional<GatewayId>{}; };
  const auto parsed =
      cloud::round::parse_task_spec({reinterpret_cast<const char*>(data), size}, nobody);
  fuzz::require(parsed.spec.has_value() == parsed.faults.empty(), "a spec or its faults");
  for (const auto& fault : parsed.faults) fuzz::require(!fault.text.empty(), "a fault has words");
  if (!parsed.spec) return 0;
  const auto written = cloud::round::to_json(*parsed.spec);
  const auto again = cloud::round::parse_task_spec(written, nobody);
  fuzz::require(again.spec.has_value(), "what was written is accepted");
  fuzz::require(cloud::round::to_json(*again.spec) == written, "it is the same spec");
  return 0;
}
