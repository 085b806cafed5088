// A coordinator's credentials folder and client certificates, made on the spot.
#pragma once

#include <openssl/x509.h>

#include <memory>

#include "crypto/keys.hpp"
#include "tests/unit/cloud/site_world.hpp"

namespace tributary::tests {

struct TlsFiles {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// coordinator/ as `tributary authority coordinator` writes it, below `folder`.
class CredentialsFolder {
 public:
  explicit CredentialsFolder(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path authority() const { return path_ / "ca.crt"; }
  // A client certificate of this CA with this common name.
  TlsFiles client(const std::string& common_name);
  // The same of a CA nobody trusts.
  TlsFiles stranger(const std::string& common_name);
  const crypto::SigningKey& fleet_authority() const { return authority_; }

  static constexpr const char* token = "let-me-in";

 private:
  struct Issuer;
  TlsFiles issue(const Issuer& issuer, const std::string& common_name, const std::string& file);

  std::filesystem::path path_;
  crypto::SigningKey authority_ = crypto::SigningKey::random();
  std::shared_ptr<Issuer> ca_;
  std::shared_ptr<Issuer> other_ca_;
};

}  // namespace tributary::tests
