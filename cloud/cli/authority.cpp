#include "cloud/cli/authority.hpp"

#include <regex>

#include "cloud/cli/broker_files.hpp"
#include "cloud/cli/files.hpp"
#include "cloud/cli/issuing.hpp"
#include "cloud/cli/operator_token.hpp"
#include "crypto/secret.hpp"

namespace tributary::cli {
namespace {

namespace fs = std::filesystem;
using crypto::ExchangeSecret;
using crypto::SigningKey;

constexpr int ca_days = 3650;
constexpr int server_days = 730;

// Before any key is written, and so that nothing but a name gets into the certificate.
void check_host(const std::string& host) {
  if (!std::regex_match(host, std::regex("[A-Za-z0-9*][A-Za-z0-9.-]{0,252}|[0-9A-Fa-f:.]{2,45}"))) {
    throw CommandFault("'" + host + "' is no host: give a DNS name or an IP address", 2);
  }
}

// A new Ed25519 identity as NAME.key and its certificate.
SigningKey write_identity(const fs::path& folder, const Authority& authority,
                          const Subject& subject, const std::string& key_file,
                          const std::string& certificate_file) {
  SigningKey key = SigningKey::random();
  write_new(folder / key_file, hex_line(key.expose()), Secrecy::secret);
  write_new(folder / certificate_file,
            certify(authority, subject, crypto::verify_key(key)).SerializeAsString(),
            Secrecy::open);
  return key;
}

void write_helper(const fs::path& folder, const Authority& authority, const std::string& run_by) {
  const std::string helper = random_bytes(16);
  write_new(folder / "helper.id", hex_line(helper), Secrecy::open);
  write_identity(folder, authority, {v1::ROLE_HELPER, helper, "", run_by}, "helper.key",
                 "helper.cert");
}

void write_tls(const fs::path& folder, const TlsPair& pair, const TlsPair& ca) {
  write_new(folder / "tls.key", pair.key, Secrecy::secret);
  write_new(folder / "tls.crt", pair.certificate, Secrecy::open);
  write_new(folder / "ca.crt", ca.certificate, Secrecy::open);
}

}  // namespace

void init_authority(const fs::path& root, const std::string& tenant) {
  check_name("tenant", tenant);
  const fs::path folder = root / "authority";
  make_folder(folder);
  const SigningKey key = SigningKey::random();
  write_new(folder / "authority.key", hex_line(key.expose()), Secrecy::secret);
  write_new(folder / "authority.pub", hex_line(crypto::verify_key(key).view()), Secrecy::open);
  const TlsPair ca = make_ca("Tributary fleet " + tenant, ca_days);
  write_new(folder / "ca.key", ca.key, Secrecy::secret);
  write_new(folder / "ca.crt", ca.certificate, Secrecy::open);
  write_new(folder / "tenant", tenant + "\n", Secrecy::open);
}

void issue_coordinator(const fs::path& root, const std::vector<std::string>& hosts,
                       const std::string& helper_run_by) {
  if (!helper_run_by.empty()) check_name("operator", helper_run_by);
  for (const auto& host : hosts) check_host(host);
  const Authority authority = open_authority(root);
  const fs::path folder = root / "coordinator";
  make_folder(folder);
  const SigningKey key = write_identity(
      folder, authority, {v1::ROLE_COORDINATOR, random_bytes(16), "", authority.tenant},
      "identity.key", "coordinator.cert");
  write_new(folder / "identity.pub", hex_line(crypto::verify_key(key).view()), Secrecy::open);
  const ExchangeSecret combiner = ExchangeSecret::random();
  write_new(folder / "combiner.key", hex_line(combiner.expose()), Secrecy::secret);
  write_new(folder / "combiner.pub", hex_line(crypto::exchange_key(combiner).view()),
            Secrecy::open);
  if (!helper_run_by.empty()) write_helper(folder, authority, helper_run_by);
  write_tls(folder, issue_server(authority.ca, "coordinator", hosts, server_days), authority.ca);
  write_new(folder / "authority.pub", read_file(root / "authority/authority.pub"), Secrecy::open);
  const std::string token = new_operator_token();
  write_new(folder / "operator.token", token + "\n", Secrecy::secret);
  write_new(folder / "operator.token.sha256", token_hash(token) + "\n", Secrecy::open);
}

void issue_gateway(const fs::path& root, const GatewayRequest& request) {
  check_name("gateway", request.name);
  check_name("operator", request.run_by);
  const Authority authority = open_authority(root);
  if (!fs::exists(root / "coordinator/identity.pub")) {
    throw CommandFault(
        "the coordinator's key is not known yet; first: tributary authority coordinator --host "
        "HOST " +
        root.string());
  }
  const fs::path folder = root / "gateways" / request.name;
  make_folder(folder);
  const std::string id = random_bytes(16);
  write_new(folder / "gateway.id", hex_line(id), Secrecy::open);
  write_identity(folder, authority, {v1::ROLE_GATEWAY, id, "", request.run_by}, "identity.key",
                 "gateway.cert");
  if (request.helper) write_helper(folder, authority, request.run_by);
  write_tls(folder, issue_client(authority.ca, "gateway:" + to_hex(view_of(id)), server_days),
            authority.ca);
  write_new(folder / "authority.pub", read_file(root / "authority/authority.pub"), Secrecy::open);
  write_new(folder / "coordinator.pub", read_file(root / "coordinator/identity.pub"),
            Secrecy::open);
  const std::string psk = to_hex(view_of(random_bytes(32)));
  write_new(folder / "gateway.psk", psk + "\n", Secrecy::secret);
  make_folder(folder / "devices");
  make_folder(folder / "claims");
  if (request.broker_host.empty()) return;
  make_folder(folder / "broker");
  const BrokerFiles broker =
      broker_files(fs::absolute(folder / "broker"), request.broker_host, request.broker_port);
  write_new(folder / "broker/mosquitto.conf", broker.configuration, Secrecy::open);
  write_new(folder / "broker/acl", broker.access_list, Secrecy::secret);
  std::string credentials = "gateway:" + psk + "\n";
  for (const std::string person : {"operator", "viewer"}) {
    const std::string key = to_hex(view_of(random_bytes(32)));
    write_new(folder / (person + ".psk"), key + "\n", Secrecy::secret);
    credentials += person + ":" + key + "\n";
  }
  write_new(folder / "broker/psk", credentials, Secrecy::secret);
}

std::vector<std::string> issue_devices(const fs::path& root, const DeviceRequest& request) {
  const Authority authority = open_authority(root);
  const KnownGateway known = open_gateway(root, request.gateway);
  const fs::path& gateway = known.folder;
  std::vector<std::string> ids;
  std::string credentials;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    const std::string id = random_bytes(16);
    const SigningKey key = SigningKey::random();
    v1::DeviceIdentity identity;
    identity.set_tenant(authority.tenant);
    identity.set_device_id(id);
    identity.set_gateway_id(known.id.raw());
    identity.set_identity_seed(std::string(text_of(key.expose())));
    *identity.mutable_certificate() =
        certify(authority, {v1::ROLE_DEVICE, id, known.id.raw(), ""}, crypto::verify_key(key));
    identity.set_authority_key(crypto::verify_key(authority.key).raw());
    identity.set_coordinator_key(known.coordinator.raw());
    identity.set_mqtt_psk(random_bytes(32));
    identity.set_n_min_floor(request.n_min);
    identity.set_clip_l2_cap(request.clip_l2_cap);
    identity.set_trust_gateway(request.trust_gateway);
    identity.set_noise_floor(request.noise_floor);
    identity.set_device_noise_floor(request.device_noise_floor);
    identity.set_participation_cap(request.participation_cap);
    const std::string hex = to_hex(view_of(id));
    make_folder(root / "devices" / hex);
    write_new(root / "devices" / hex / "identity", identity.SerializeAsString(), Secrecy::secret);
    write_new(gateway / "devices" / (hex + ".psk"), to_hex(view_of(identity.mqtt_psk())) + "\n",
              Secrecy::secret);
    write_new(gateway / "devices" / (hex + ".cert"), identity.certificate().SerializeAsString(),
              Secrecy::open);
    credentials += hex + ":" + to_hex(view_of(identity.mqtt_psk())) + "\n";
    ids.push_back(hex);
  }
  append(gateway / "broker/psk", credentials);
  return ids;
}

}  // namespace tributary::cli
