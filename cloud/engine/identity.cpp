#include "cloud/engine/identity.hpp"

#include <fstream>
#include <sstream>

#include "device-protocol/cpp/signed.hpp"

namespace tributary::cloud::engine {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  if (!file || !(content << file.rdbuf())) {
    throw CredentialFault(path.string() +
                          ": cannot be read; `tributary authority coordinator` writes it");
  }
  return content.str();
}

void require_private(const fs::path& path) {
  const auto others = fs::perms::group_all | fs::perms::others_all;
  std::error_code error;
  if ((fs::status(path, error).permissions() & others) != fs::perms::none && !error) {
    throw CredentialFault(path.string() + ": others can read this secret; chmod 600 it");
  }
}

template <class Value>
Value hex_key(const fs::path& path) {
  std::string text = read_file(path);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  auto bytes = from_hex(text);
  auto value = bytes ? Value::from(ByteView{*bytes}) : std::nullopt;
  if (bytes) crypto::wipe(*bytes);
  crypto::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (!value)
    throw CredentialFault(path.string() + ": is not " + std::to_string(2 * Value::size) +
                          " hex digits and a newline");
  return std::move(*value);
}

template <class Value>
Value secret_key(const fs::path& path) {
  require_private(path);
  return hex_key<Value>(path);
}

std::string tenant_of(const fs::path& path, const VerifyKey& authority, const VerifyKey& own,
                      std::uint64_t now) {
  v1::Signed message;
  v1::Certificate certificate;
  if (!message.ParseFromString(read_file(path)) || !wire::verify_body("cert", message, authority) ||
      !certificate.ParseFromString(message.body())) {
    throw CredentialFault(path.string() +
                          ": is not a certificate signed by the authority in authority.pub");
  }
  if (certificate.role() != v1::ROLE_COORDINATOR || certificate.public_key() != own.raw()) {
    throw CredentialFault(path.string() + ": is not a coordinator's certificate for identity.key");
  }
  if (now >= certificate.not_after()) {
    throw CredentialFault(path.string() +
                          ": has expired; make a new one with `tributary authority`");
  }
  return certificate.tenant();
}

}  // namespace

Identity load_identity(const fs::path& folder, std::uint64_t now) {
  if (!fs::is_directory(folder)) {
    throw CredentialFault(
        folder.string() +
        ": no such credentials folder; `tributary authority coordinator` makes it");
  }
  auto key = secret_key<crypto::SigningKey>(folder / "identity.key");
  auto combiner = secret_key<crypto::ExchangeSecret>(folder / "combiner.key");
  const auto authority = hex_key<VerifyKey>(folder / "authority.pub");
  const auto verify = crypto::verify_key(key);
  const auto combiner_key = crypto::exchange_key(combiner);
  auto tenant = tenant_of(folder / "coordinator.cert", authority, verify, now);
  return {
      {authority, std::move(tenant)}, std::move(key), verify, std::move(combiner), combiner_key};
}

gateway::helper::Identity load_helper_identity(const fs::path& folder, const Identity& own) {
  const auto remedy = "; `tributary authority coordinator --helper OPERATOR` writes it";
  if (!fs::exists(folder / "helper.id")) {
    throw CredentialFault((folder / "helper.id").string() + ": there is none" + remedy);
  }
  const auto id = hex_key<HelperId>(folder / "helper.id");
  auto key = secret_key<crypto::SigningKey>(folder / "helper.key");
  auto certificate = read_file(folder / "helper.cert");
  v1::Signed message;
  v1::Certificate body;
  if (!message.ParseFromString(certificate) ||
      !wire::verify_body("cert", message, own.authority.key) ||
      !body.ParseFromString(message.body()) || body.role() != v1::ROLE_HELPER ||
      body.subject_id() != id.raw() || body.public_key() != crypto::verify_key(key).raw()) {
    throw CredentialFault((folder / "helper.cert").string() +
                          ": is not the authority's certificate for helper.id and helper.key" +
                          remedy);
  }
  // It has no gateway; what stands for one can be none that has devices.
  return {
      own.authority.tenant, id,        GatewayId{id.bytes}, std::move(key), std::move(certificate),
      own.authority.key,    own.verify};
}

}  // namespace tributary::cloud::engine
