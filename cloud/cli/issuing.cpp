#include "cloud/cli/issuing.hpp"

#include <chrono>
#include <regex>

#include "cloud/cli/files.hpp"
#include "device-protocol/cpp/signed.hpp"

namespace tributary::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t identity_seconds = 5ULL * 365 * 86400;

template <class Key>
Key secret_from(const fs::path& file) {
  const auto bytes = from_hex(read_line(file));
  auto key = bytes ? Key::from(*bytes) : std::nullopt;
  if (!key) throw CommandFault(file.string() + ": not a key of 64 hexadecimal digits");
  return std::move(*key);
}

}  // namespace

Authority::Authority(const fs::path& root)
    : tenant(read_line(root / "authority/tenant")),
      key(secret_from<crypto::SigningKey>(root / "authority/authority.key")),
      ca{read_file(root / "authority/ca.key"), read_file(root / "authority/ca.crt")} {}

std::string random_bytes(std::size_t size) {
  std::string bytes(size, 0);
  crypto::fill_random({reinterpret_cast<std::uint8_t*>(bytes.data()), size});
  return bytes;
}

std::string hex_line(ByteView bytes) {
  return to_hex(bytes) + "\n";
}
std::string hex_line(const std::string& bytes) {
  return hex_line(view_of(bytes));
}

Authority open_authority(const fs::path& root) {
  if (!fs::exists(root / "authority/authority.key")) {
    throw CommandFault(
        root.string() +
        " holds no fleet authority; make one with: tributary authority init --tenant NAME " +
        root.string());
  }
  return Authority(root);
}

void check_name(const std::string& what, const std::string& name) {
  if (!std::regex_match(name, std::regex("[A-Za-z0-9][A-Za-z0-9._-]{0,31}"))) {
    throw CommandFault(
        "'" + name + "' is no " + what + ": 1 to 32 letters, digits, '.', '_' or '-'", 2);
  }
}

v1::Signed certify(const Authority& authority, const Subject& subject, const VerifyKey& key) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  v1::Certificate certificate;
  certificate.set_tenant(authority.tenant);
  certificate.set_subject_id(subject.id);
  certificate.set_role(subject.role);
  certificate.set_public_key(key.raw());
  certificate.set_gateway_id(subject.gateway);
  certificate.set_operator_(subject.run_by);
  certificate.set_not_before(static_cast<std::uint64_t>(now.count()) - 86400);
  certificate.set_not_after(static_cast<std::uint64_t>(now.count()) + identity_seconds);
  std::uint64_t serial = 0;
  for (const char byte : random_bytes(sizeof serial))
    serial = serial << 8 | static_cast<std::uint8_t>(byte);
  certificate.set_serial(serial);
  return wire::sign_body("cert", certificate.SerializeAsString(), authority.key);
}

KnownGateway open_gateway(const fs::path& root, const std::string& name) {
  check_name("gateway", name);
  const fs::path folder = root / "gateways" / name;
  if (!fs::exists(folder / "gateway.id")) {
    throw CommandFault("there is no gateway '" + name +
                       "'; make it with: tributary authority gateway " + name +
                       " --operator NAME " + root.string());
  }
  const auto id = GatewayId::from_hex(read_line(folder / "gateway.id"));
  const auto coordinator = VerifyKey::from_hex(read_line(folder / "coordinator.pub"));
  if (!id || !coordinator) {
    throw CommandFault(folder.string() + ": gateway.id or coordinator.pub is damaged");
  }
  return {folder, *id, *coordinator};
}

}  // namespace tributary::cli
