#include <doctest/doctest.h>

#include <fstream>

#include "gateway/config.hpp"
#include "gateway/credentials.hpp"
#include "tests/unit/gateway/site_world.hpp"

using namespace tributary;
using namespace tributary::gateway;

namespace {

constexpr auto minimal =
    "[gateway]\nname = \"a\"\ncredentials = \"c\"\nstate = \"s\"\n"
    "[coordinator]\nurl = \"https://localhost:1\"\n";

std::variant<Config, service::Faults> read(
    const std::string& text, const std::map<std::string, std::string>& environment = {}) {
  test::Folder folder;
  const auto file = folder.path() / "gateway.toml";
  std::ofstream(file) << text;
  return read_config(file, environment);
}

bool names(const std::variant<Config, service::Faults>& result, const std::string& word) {
  const auto* faults = std::get_if<service::Faults>(&result);
  if (faults == nullptr) return false;
  for (const auto& fault : *faults) {
    if (fault.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("defaults, file and environment") {
  const auto result = read(minimal, {{"TRIBUTARY_GATEWAY_BROKER_PORT", "1234"}});
  const auto* config = std::get_if<Config>(&result);
  REQUIRE(config != nullptr);
  CHECK(config->broker_port == 1234);
  CHECK(config->broker_host == "127.0.0.1");
  CHECK(config->limits.uploads_in_flight == 16);
  CHECK(config->helper_enabled);
}

TEST_CASE("every fault names its key") {
  const std::string good = minimal;
  CHECK(names(read(good + "[broker]\nhots = \"x\"\n"), "hots"));
  CHECK(names(read(good + "[broker]\nport = 70000\n"), "port"));
  CHECK(names(read(good + "[broker]\nport = \"many\"\n"), "port"));
  CHECK(names(read(good + "[broker]\nenabled = false\n[helper]\nenabled = false\n"),
              "broker.enabled"));
  const auto helper_only = read(good + "[broker]\nenabled = false\n", {});
  REQUIRE(std::holds_alternative<Config>(helper_only));
  CHECK_FALSE(std::get<Config>(helper_only).broker_enabled);
  CHECK(names(read(good, {{"TRIBUTARY_GATEWAY_BROKER_PORT", "many"}}), "PORT"));
  CHECK(names(read("[gateway]\nname = \"a\"\n"), "credentials"));
  CHECK(names(read("[gateway]\nname = \"a\"\ncredentials = \"c\"\nstate = \"s\"\n"
                   "[coordinator]\nurl = \"http://x\"\n"),
              "https://"));
}

TEST_CASE("missing or wrong credential files are named") {
  test::Folder folder;
  const auto faults_of = [&] {
    const auto result = read_credentials(folder.path());
    const auto* faults = std::get_if<CredentialFaults>(&result);
    std::string all;
    if (faults != nullptr) {
      for (const auto& text : faults->texts) all += text + "\n";
    }
    return all;
  };
  CHECK(faults_of().find("identity.key") != std::string::npos);
  CHECK(faults_of().find("tls.crt") != std::string::npos);
  std::ofstream(folder.path() / "identity.key") << "not hex\n";
  CHECK(faults_of().find("identity.key: is not 32 bytes in hex") != std::string::npos);
  CHECK(faults_of().find("identity.key: others can read this secret") != std::string::npos);
  std::filesystem::permissions(folder.path() / "identity.key", std::filesystem::perms::owner_read);
  CHECK(faults_of().find("others can read") == std::string::npos);
  std::ofstream(folder.path() / "gateway.psk") << "";
  CHECK(faults_of().find("gateway.psk: is not 32 bytes in hex") != std::string::npos);
  const auto nowhere = read_credentials(folder.path() / "nowhere");
  CHECK(std::holds_alternative<CredentialFaults>(nowhere));
}
