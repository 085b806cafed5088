// Configuration of both programs, from a file and from the environment: values within their limits, or faults in
// words that name the key, the variable or the file.
#include "cloud/options.hpp"
#include "gateway/config.hpp"
#include "tests/fuzz/folder.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"

namespace {

using namespace tributary;

constexpr std::string_view genuine =
    "[gateway]\nname = \"a\"\ncredentials = \"/c\"\nstate = \"/s\"\n"
    "[broker]\nhost = \"127.0.0.1\"\nport = 8883\n[coordinator]\nurl = \"https://localhost:1\"\n"
    "[limits]\nuploads_in_flight = 7\nqueue_bytes = 1048576\n[local]\nlisten = \"127.0.0.1:9\"\n"
    "[helper]\nenabled = true\n[log]\nformat = \"json\"\n";

void check(const service::Faults& faults, const std::string& file, const std::string& variable) {
  fuzz::require(!faults.empty(), "what is refused has a fault");
  for (const auto& fault : faults) {
    const bool names = fault.find(file) != std::string::npos ||
                       fault.find(variable) != std::string::npos ||
                       fault.find('.') != std::string::npos;
    fuzz::require(names, "a fault names file, key or variable");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder;
  const auto path = folder / "config.toml";
  fuzz::Story story(data, size);
  std::map<std::string, std::string> environment;
  std::string variable = "TRIBUTARY_";
  const auto what = story.byte();
  if (what % 4 == 0) {
    const char* keys[] = {"BROKER_PORT",    "LIMITS_QUEUE_BYTES", "LOCAL_LISTEN",
                          "HELPER_ENABLED", "LOG_LEVEL",          "GATEWAY_NAME"};
    variable = std::string("TRIBUTARY_GATEWAY_") + keys[story.byte() % 6];
    fuzz::write_file(path, genuine);
    environment[variable] = story.rest();
  } else {
    fuzz::write_file(path, what % 4 == 1 ? story.rest() : story.edited(std::string(genuine)));
  }
  const auto read = gateway::read_config(path, environment);
  if (const auto* faults = std::get_if<service::Faults>(&read)) {
    check(*faults, path.string(), variable);
  } else {
    const auto& config = std::get<gateway::Config>(read);
    fuzz::require(config.broker_port >= 1 && config.limits.uploads_in_flight >= 1 &&
                      config.queue_bytes >= std::size_t{1} << 20 && config.helper_n_min >= 2,
                  "values are within their limits");
  }
  const auto options = cloud::read_options(path);
  const auto* faults = std::get_if<service::Faults>(&options);
  fuzz::require(faults != nullptr, "no credentials, no coordinator");
  check(*faults, path.string(), "TRIBUTARY_COORDINATOR");
  return 0;
}
