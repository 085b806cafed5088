// The files of the fleet authority: names, modes, what they prove, and what is never overwritten.
#include "cloud/cli/authority.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <sstream>

#include "authority_folder.hpp"
#include "cloud/cli/operator_token.hpp"
#include "crypto/keys.hpp"
#include "device-protocol/cpp/signed.hpp"

using namespace tributary;
using namespace tributary::cli;
namespace fs = std::filesystem;

namespace {

unsigned mode_of(const fs::path& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777U;
}

// The certificate in `file` if the authority of `root` has signed it.
std::optional<v1::Certificate> certified(const fs::path& root, const fs::path& file) {
  const auto key = VerifyKey::from_hex(read_line(root / "authority/authority.pub"));
  v1::Signed envelope;
  if (!key || !envelope.ParseFromString(read_file(file))) return std::nullopt;
  const auto signature = Signature::from(envelope.signature());
  const auto body = view_of(envelope.body());
  if (!signature || !crypto::verify(*key, "cert", crypto::hash("cert", {body}), *signature))
    return std::nullopt;
  v1::Certificate certificate;
  if (!certificate.ParseFromString(envelope.body())) return std::nullopt;
  return certificate;
}

v1::DeviceIdentity identity_of(const fs::path& root, const std::string& id) {
  v1::DeviceIdentity identity;
  REQUIRE(identity.ParseFromString(read_file(root / "devices" / id / "identity")));
  return identity;
}

std::set<std::string> files_below(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.is_regular_file()) names.insert(fs::relative(entry.path(), folder).string());
  return names;
}

}  // namespace

TEST_CASE("every folder holds the files of the contract and no others") {
  AuthorityFolder world;
  CHECK(files_below(world / "authority") ==
        std::set<std::string>{"authority.key", "authority.pub", "ca.key", "ca.crt", "tenant"});
  CHECK(files_below(world / "coordinator") ==
        std::set<std::string>{"identity.key", "identity.pub", "coordinator.cert", "combiner.key",
                              "combiner.pub", "tls.key", "tls.crt", "ca.crt", "authority.pub",
                              "operator.token", "operator.token.sha256"});
  world.gateway("plain", false);
  const std::set<std::string> gateway = {
      "gateway.id", "identity.key",          "gateway.cert",    "tls.key",     "tls.crt",
      "ca.crt",     "authority.pub",         "coordinator.pub", "gateway.psk", "broker/psk",
      "broker/acl", "broker/mosquitto.conf", "operator.psk",    "viewer.psk"};
  CHECK(files_below(world / "gateways/plain") == gateway);
  world.gateway("helping", true);
  auto with_helper = gateway;
  with_helper.insert({"helper.id", "helper.key", "helper.cert"});
  CHECK(files_below(world / "gateways/helping") == with_helper);
}

TEST_CASE("secrets are for their owner alone, whatever the umask") {
  const auto before = ::umask(0);
  AuthorityFolder world;
  world.gateway("site", true);
  const auto device = issue_devices(world.root(), {.gateway = "site"}).at(0);
  ::umask(before);
  for (const char* secret :
       {"authority/authority.key", "authority/ca.key", "coordinator/identity.key",
        "coordinator/combiner.key", "coordinator/tls.key", "coordinator/operator.token",
        "gateways/site/identity.key", "gateways/site/helper.key", "gateways/site/tls.key",
        "gateways/site/gateway.psk", "gateways/site/operator.psk", "gateways/site/viewer.psk",
        "gateways/site/broker/psk"}) {
    INFO(secret);
    CHECK(mode_of(world / secret) == 0600);
  }
  CHECK(mode_of(world / "devices" / device / "identity") == 0600);
  for (const auto& entry : fs::recursive_directory_iterator(world.root())) {
    INFO(entry.path().string());
    if (entry.is_directory()) CHECK(mode_of(entry.path()) == 0700);
  }
}

TEST_CASE("certificates name role, tenant, operator and gateway, and match their keys") {
  AuthorityFolder world;
  world.gateway("site", true);
  const auto gateway_id = GatewayId::from_hex(read_line(world / "gateways/site/gateway.id"));
  REQUIRE(gateway_id);
  const auto coordinator = certified(world.root(), world / "coordinator/coordinator.cert");
  const auto gateway = certified(world.root(), world / "gateways/site/gateway.cert");
  const auto helper = certified(world.root(), world / "gateways/site/helper.cert");
  REQUIRE(coordinator);
  REQUIRE(gateway);
  REQUIRE(helper);
  CHECK(coordinator->role() == v1::ROLE_COORDINATOR);
  CHECK(to_hex(view_of(coordinator->public_key())) ==
        read_line(world / "coordinator/identity.pub"));
  CHECK(gateway->role() == v1::ROLE_GATEWAY);
  CHECK(gateway->tenant() == "plant");
  CHECK(gateway->operator_() == "acme");
  CHECK(gateway->subject_id() == gateway_id->raw());
  CHECK(helper->role() == v1::ROLE_HELPER);
  CHECK(helper->operator_() == "acme");
  CHECK(helper->public_key() != gateway->public_key());
  CHECK(helper->subject_id() != gateway->subject_id());
}

TEST_CASE("a device's identity is complete, signed and known to its gateway and broker") {
  AuthorityFolder world;
  world.gateway("site", false);
  const auto ids = issue_devices(world.root(), {"site", 3, 7, 2.5F});
  CHECK(std::set<std::string>(ids.begin(), ids.end()).size() == 3);
  for (const auto& id : ids) {
    const auto identity = identity_of(world.root(), id);
    CHECK(to_hex(view_of(identity.device_id())) == id);
    CHECK(identity.tenant() == "plant");
    CHECK(identity.n_min_floor() == 7);
    CHECK(identity.clip_l2_cap() == 2.5F);
    CHECK(to_hex(view_of(identity.authority_key())) ==
          read_line(world / "authority/authority.pub"));
    CHECK(to_hex(view_of(identity.coordinator_key())) ==
          read_line(world / "coordinator/identity.pub"));
    const auto certificate =
        certified(world.root(), world / "gateways/site/devices" / (id + ".cert"));
    REQUIRE(certificate);
    CHECK(certificate->role() == v1::ROLE_DEVICE);
    CHECK(certificate->gateway_id() == identity.gateway_id());
    const auto seed = crypto::SigningKey::from(view_of(identity.identity_seed()));
    REQUIRE(seed);
    CHECK(certificate->public_key() == crypto::verify_key(*seed).raw());
    CHECK(identity.certificate().SerializeAsString() ==
          read_file(world / "gateways/site/devices" / (id + ".cert")));
    const std::string line = id + ":" + to_hex(view_of(identity.mqtt_psk())) + "\n";
    CHECK(read_file(world / "gateways/site/broker/psk").find(line) != std::string::npos);
  }
}

TEST_CASE("more devices keep the earlier ones' broker credentials") {
  AuthorityFolder world;
  world.gateway("site", false);
  issue_devices(world.root(), {.gateway = "site", .count = 2});
  const std::string before = read_file(world / "gateways/site/broker/psk");
  issue_devices(world.root(), {.gateway = "site", .count = 1});
  const std::string after = read_file(world / "gateways/site/broker/psk");
  CHECK(after.starts_with(before));
  CHECK(std::count(after.begin(), after.end(), '\n') == 6);
  CHECK(after.starts_with("gateway:" + read_line(world / "gateways/site/gateway.psk") + "\n"));
}

TEST_CASE("a claim is listed at its gateway and approved once, for the key that claimed") {
  AuthorityFolder world;
  world.gateway("site", false);
  const auto ids = issue_claims(world.root(), {.gateway = "site", .count = 2, .n_min = 5});
  REQUIRE(ids.size() == 2);
  const auto site = world / "gateways/site";
  v1::ClaimIdentity claim;
  REQUIRE(claim.ParseFromString(read_file(world / "claims" / ids[0] / "claim")));
  CHECK(claim.n_min_floor() == 5);
  CHECK(mode_of(world / "claims" / ids[0] / "claim") == 0600);
  CHECK(mode_of(site / "claims" / (ids[0] + ".claim")) == 0600);
  CHECK(read_line(site / "claims" / (ids[0] + ".claim")) == to_hex(view_of(claim.claim_secret())));
  CHECK(approve_claims(world.root(), "site", {}).empty());

  const auto key = crypto::SigningKey::random();
  v1::ClaimRequest request;
  request.set_device_id(claim.device_id());
  request.set_public_key(crypto::verify_key(key).raw());
  const auto signed_request = wire::sign_body("claim", request.SerializeAsString(), key);
  const auto pending = [&](const std::string& id) { return site / "claims" / (id + ".pending"); };
  // attack: a request that this authority never issued a claim for
  const std::string stranger(32, 'a');
  write_new(pending(stranger), signed_request.SerializeAsString(), Secrecy::secret);
  CHECK(approve_claims(world.root(), "site", {}).empty());
  // attack: another device's request in its place
  write_new(pending(ids[1]), signed_request.SerializeAsString(), Secrecy::secret);
  CHECK(fault_of([&] { approve_claims(world.root(), "site", {ids[1]}); }).find("damaged") !=
        std::string::npos);
  write_new(pending(ids[0]), signed_request.SerializeAsString(), Secrecy::secret);
  CHECK(approve_claims(world.root(), "site", {ids[0]}) == std::vector<std::string>{ids[0]});
  const auto certificate = certified(world.root(), site / "devices" / (ids[0] + ".cert"));
  REQUIRE(certificate);
  CHECK(certificate->public_key() == request.public_key());
  CHECK(certificate->gateway_id() == claim.gateway_id());
  std::filesystem::remove(site / "devices" / (ids[0] + ".cert"));
  CHECK(approve_claims(world.root(), "site", {ids[0]}).empty());
}

TEST_CASE("nothing that exists is overwritten, and the message names the file") {
  AuthorityFolder world;
  world.gateway("site", true);
  const std::string before = read_file(world / "authority/authority.key");
  CHECK(fault_of([&] { init_authority(world.root(), "other"); }).find("authority.key") !=
        std::string::npos);
  CHECK(fault_of([&] { issue_coordinator(world.root(), {"localhost"}); }).find("identity.key") !=
        std::string::npos);
  CHECK(fault_of([&] { world.gateway("site", true); }).find("gateway.id") != std::string::npos);
  CHECK(read_file(world / "authority/authority.key") == before);
  CHECK(read_line(world / "authority/tenant") == "plant");
}

TEST_CASE("what is missing is named together with the command that makes it") {
  EmptyFolder empty;
  CHECK(fault_of([&] { issue_coordinator(empty.path(), {"localhost"}); }).find("authority init") !=
        std::string::npos);
  init_authority(empty.path(), "plant");
  CHECK(fault_of([&] {
          issue_gateway(empty.path(), {"site", "acme", false, "localhost", 8883});
        }).find("authority coordinator") != std::string::npos);
  issue_coordinator(empty.path(), {"localhost"});
  CHECK(fault_of([&] {
          issue_devices(empty.path(), {.gateway = "site"});
        }).find("authority gateway site") != std::string::npos);
}

TEST_CASE("names that are no file names or do not fit a certificate are refused") {
  AuthorityFolder world;
  const std::string long_name(33, 'a');
  for (const std::string& name : {std::string(), std::string(".."), std::string("a/b"),
                                  std::string("a b"), std::string("-a"), long_name}) {
    INFO(name);
    CHECK(fault_of([&] { world.gateway(name, false); }).find("1 to 32") != std::string::npos);
    CHECK(fault_of([&] {
            issue_gateway(world.root(), {"site", name, false, "localhost", 8883});
          }).find("operator") != std::string::npos);
    CHECK(fault_of([&] { issue_devices(world.root(), {.gateway = name}); }).find("1 to 32") !=
          std::string::npos);
  }
  CHECK(!fs::exists(world / "gateways"));
}

TEST_CASE("the token's hash is what the server compares with") {
  AuthorityFolder world;
  const std::string token = read_line(world / "coordinator/operator.token");
  CHECK(token.size() == 64);
  CHECK(read_line(world / "coordinator/operator.token.sha256") == token_hash(token));
  CHECK(token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
