#include "gateway/credentials.hpp"

#include <fstream>
#include <iterator>

#include "device-protocol/cpp/certificate.hpp"

namespace tributary::gateway {
namespace {

constexpr auto remedy = "; write it with `tributary authority gateway` and copy it here";

// Reads files and remembers what was wrong with them.
class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::vector<std::string>& faults() const { return faults_; }
  void fault(const std::string& file, const std::string& what) {
    faults_.push_back((path_ / file).string() + ": " + what + remedy);
  }
  std::filesystem::path at(const std::string& file) {
    if (!std::filesystem::exists(path_ / file)) fault(file, "is missing");
    return path_ / file;
  }
  bool has(const std::string& file) const { return std::filesystem::exists(path_ / file); }

  std::string bytes(const std::string& file) {
    std::ifstream stream(path_ / file, std::ios::binary);
    if (!stream) {
      fault(file, "cannot be read");
      return {};
    }
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  // A secret is its owner's alone.
  void require_private(const std::string& file) {
    const auto others = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
    std::error_code error;
    const auto permissions = std::filesystem::status(path_ / file, error).permissions();
    if (!error && (permissions & others) != std::filesystem::perms::none) {
      faults_.push_back((path_ / file).string() + ": others can read this secret; chmod 600 it");
    }
  }

  // A value as lower-case hex and a newline.
  template <class Value>
  std::optional<Value> hex(const std::string& file) {
    if (!has(file)) {
      fault(file, "is missing");
      return std::nullopt;
    }
    std::string text = bytes(file);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    auto raw = from_hex(text);
    auto value = raw ? Value::from(ByteView(*raw)) : std::nullopt;
    if (raw) crypto::wipe(*raw);
    crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!value) fault(file, "is not " + std::to_string(Value::size) + " bytes in hex");
    return value;
  }

 private:
  std::filesystem::path path_;
  std::vector<std::string> faults_;
};

std::optional<wire::VerifiedCertificate> certificate(Folder& folder, const std::string& file,
                                                     const VerifyKey& authority,
                                                     std::string_view tenant, v1::Role role,
                                                     std::span<const std::uint8_t, 16> subject,
                                                     const crypto::SigningKey& key) {
  v1::Signed message;
  if (!message.ParseFromString(folder.bytes(file))) {
    folder.fault(file, "is not a certificate");
    return std::nullopt;
  }
  auto verified = wire::verify_certificate(message, {authority, tenant, role, 0});
  if (const auto* fault = std::get_if<wire::CertificateFault>(&verified)) {
    folder.fault(file, std::string(wire::text_of(*fault)));
    return std::nullopt;
  }
  auto& found = std::get<wire::VerifiedCertificate>(verified);
  if (!std::ranges::equal(found.subject, subject) || found.key != crypto::verify_key(key)) {
    folder.fault(file, "belongs to another id or key");
    return std::nullopt;
  }
  return std::move(found);
}

// The tenant every other certificate is then held to.
std::string tenant_of(Folder& folder) {
  v1::Signed message;
  v1::Certificate body;
  if (message.ParseFromString(folder.bytes("gateway.cert")) &&
      body.ParseFromString(message.body())) {
    return body.tenant();
  }
  return {};
}

std::optional<helper::Identity> read_helper(Folder& folder, const engine::Identity& gateway) {
  auto id = folder.hex<HelperId>("helper.id");
  auto key = folder.hex<crypto::SigningKey>("helper.key");
  if (!id || !key) return std::nullopt;
  if (!certificate(folder, "helper.cert", gateway.authority, gateway.tenant, v1::ROLE_HELPER,
                   id->bytes, *key)) {
    return std::nullopt;
  }
  return helper::Identity{gateway.tenant,
                          *id,
                          gateway.id,
                          std::move(*key),
                          folder.bytes("helper.cert"),
                          gateway.authority,
                          gateway.coordinator};
}

}  // namespace

std::variant<Credentials, CredentialFaults> read_credentials(const std::filesystem::path& path) {
  if (!std::filesystem::is_directory(path)) {
    return CredentialFaults{{path.string() + ": no such folder (gateway.credentials)"}};
  }
  Folder folder(path);
  for (const auto* secret : {"identity.key", "gateway.psk", "tls.key", "helper.key"}) {
    if (folder.has(secret)) folder.require_private(secret);
  }
  auto id = folder.hex<GatewayId>("gateway.id");
  auto key = folder.hex<crypto::SigningKey>("identity.key");
  auto authority = folder.hex<VerifyKey>("authority.pub");
  auto coordinator = folder.hex<VerifyKey>("coordinator.pub");
  auto psk = folder.hex<mqtt::BrokerPsk>("gateway.psk");
  auto tls_certificate = folder.at("tls.crt");
  auto tls_key = folder.at("tls.key");
  auto tls_ca = folder.at("ca.crt");
  if (!id || !key || !authority || !coordinator || !psk) return CredentialFaults{folder.faults()};
  const std::string tenant = tenant_of(folder);
  certificate(folder, "gateway.cert", *authority, tenant, v1::ROLE_GATEWAY, id->bytes, *key);
  engine::Identity identity{tenant,     *id,         std::move(*key), folder.bytes("gateway.cert"),
                            *authority, *coordinator};
  std::optional<helper::Identity> helper;
  if (folder.has("helper.key")) helper = read_helper(folder, identity);
  if (!folder.faults().empty()) return CredentialFaults{folder.faults()};
  std::filesystem::create_directories(path / "devices");
  return Credentials{std::move(identity),        std::move(*psk),    path / "devices",
                     std::move(tls_certificate), std::move(tls_key), std::move(tls_ca),
                     std::move(helper)};
}

}  // namespace tributary::gateway
