// Credential files of both programs, one of them changed: read as what was issued, or refused with its name.
#include "gateway/credentials.hpp"
#include "cloud/cli/authority.hpp"
#include "cloud/server/daemon.hpp"
#include "cloud/server/tls.hpp"
#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/folder.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"

namespace {

using namespace tributary;
namespace fs = std::filesystem;

struct World {
  World() {
    fuzz::seed_libsodium(1);
    const auto root = folder / "fleet";
    cli::init_authority(root, "plant");
    cli::issue_coordinator(root, {"localhost"});
    cli::issue_gateway(root, {"site", "acme", true, "localhost", 8883});
    coordinator = root / "coordinator";
    gateway = root / "gateways" / "site";
    for (const auto* name :
         {"gateway.id", "identity.key", "authority.pub", "coordinator.pub", "gateway.psk",
          "gateway.cert", "helper.id", "helper.key", "helper.cert"}) {
      files.push_back(gateway / name);
    }
    for (const auto* name : {"identity.key", "combiner.key", "authority.pub", "coordinator.cert",
                             "operator.token.sha256", "tls.crt", "tls.key", "ca.crt"}) {
      files.push_back(coordinator / name);
    }
    auto read = gateway::read_credentials(gateway);
    id = std::get<gateway::Credentials>(read).identity.id;
  }

  fuzz::Folder folder;
  fs::path coordinator, gateway;
  std::vector<fs::path> files;
  GatewayId id;
};

void read_gateway(const World& world) {
  auto read = gateway::read_credentials(world.gateway);
  if (const auto* faults = std::get_if<gateway::CredentialFaults>(&read)) {
    fuzz::require(!faults->texts.empty(), "what is refused has a fault");
    for (const auto& text : faults->texts) {
      fuzz::require(text.find(world.gateway.string()) != std::string::npos,
                    "a fault names the file");
    }
    return;
  }
  const auto& identity = std::get<gateway::Credentials>(read).identity;
  fuzz::require(identity.id == world.id && identity.tenant == "plant",
                "nobody becomes somebody else");
}

void read_coordinator(const World& world) {
  try {
    const auto identity = cloud::engine::load_identity(world.coordinator, 1);
    cloud::server::load_operator_token(world.coordinator);
    cloud::server::gateway_tls(world.coordinator);
    fuzz::require(identity.authority.tenant == "plant", "nobody becomes somebody else");
  } catch (const cloud::engine::CredentialFault& fault) {
    const std::string text = fault.what();
    fuzz::require(text.find(world.coordinator.string()) != std::string::npos,
                  "a fault names the file");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  fuzz::Story story(data, size);
  const auto& file = world.files[story.byte() % world.files.size()];
  const auto genuine = fuzz::read_file(file);
  fuzz::write_file(file, story.byte() % 4 == 0 ? story.rest() : story.edited(genuine));
  file.parent_path() == world.gateway ? read_gateway(world) : read_coordinator(world);
  fuzz::write_file(file, genuine);
  return 0;
}
