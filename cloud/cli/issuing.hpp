// What every command of the fleet authority issues with: its keys, names and certificates.
#pragma once

#include <filesystem>
#include <string>

#include "cloud/cli/x509.hpp"
#include "crypto/keys.hpp"
#include "tributary.pb.h"

namespace tributary::cli {

std::string random_bytes(std::size_t size);
std::string hex_line(ByteView bytes);  // with its line end
std::string hex_line(const std::string& bytes);

// Everything here throws CommandFault.

// What issuing needs of the authority's folder.
struct Authority {
  explicit Authority(const std::filesystem::path& root);
  std::string tenant;
  crypto::SigningKey key;
  TlsPair ca;
};
Authority open_authority(const std::filesystem::path& root);

// 1 to 32 letters, digits, '.', '_' or '-'.
void check_name(const std::string& what, const std::string& name);

struct Subject {
  v1::Role role;
  std::string id;
  std::string gateway;  // of a device
  std::string run_by;   // of a server
};
v1::Signed certify(const Authority& authority, const Subject& subject, const VerifyKey& key);

// A gateway of this authority, as its folder says.
struct KnownGateway {
  std::filesystem::path folder;
  GatewayId id;
  VerifyKey coordinator;
};
KnownGateway open_gateway(const std::filesystem::path& root, const std::string& name);

}  // namespace tributary::cli
