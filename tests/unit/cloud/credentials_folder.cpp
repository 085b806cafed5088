#include "tests/unit/cloud/credentials_folder.hpp"

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <fstream>

#include "tributary.pb.h"

namespace tributary::tests {
namespace {

namespace fs = std::filesystem;

template <auto free>
struct Free {
  template <class Value>
  void operator()(Value* value) const {
    free(value);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;

void write(const fs::path& path, const std::string& content, bool secret = false) {
  std::ofstream(path, std::ios::binary) << content;
  if (secret) fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
}

Certificate certificate_for(EVP_PKEY* subject_key, const std::string& common_name, X509* issuer,
                            EVP_PKEY* issuer_key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), subject_key);
  auto* name = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, view_of(common_name).data(), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), issuer ? X509_get_subject_name(issuer)
                                                 : X509_get_subject_name(certificate.get()));
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer ? issuer : certificate.get(), certificate.get(), nullptr, nullptr,
                 0);
  const auto add = [&](int nid, const char* value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  };
  add(NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
  if (issuer) add(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  REQUIRE(X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0);
  return certificate;
}

void write_pem(const fs::path& path, X509* certificate) {
  FILE* file = std::fopen(path.c_str(), "w");
  REQUIRE(file != nullptr);
  PEM_write_X509(file, certificate);
  std::fclose(file);
}
void write_pem(const fs::path& path, EVP_PKEY* key) {
  FILE* file = std::fopen(path.c_str(), "w");
  REQUIRE(file != nullptr);
  PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

}  // namespace

struct CredentialsFolder::Issuer {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate = certificate_for(key.get(), "test CA", nullptr, key.get());
};

CredentialsFolder::CredentialsFolder(const fs::path& folder)
    : path_(folder / "coordinator"),
      ca_(std::make_shared<Issuer>()),
      other_ca_(std::make_shared<Issuer>()) {
  fs::create_directories(path_);
  const auto key = crypto::SigningKey::random();
  const auto combiner = crypto::ExchangeSecret::random();
  write(path_ / "identity.key", to_hex(key.expose()) + "\n", true);
  write(path_ / "combiner.key", to_hex(combiner.expose()) + "\n", true);
  write(path_ / "authority.pub", crypto::verify_key(authority_).hex() + "\n");
  v1::Certificate certificate;
  certificate.set_tenant("test");
  certificate.set_subject_id(std::string(16, 'c'));
  certificate.set_role(v1::ROLE_COORDINATOR);
  certificate.set_public_key(crypto::verify_key(key).raw());
  certificate.set_operator_("cloud");
  certificate.set_not_after(4'000'000'000);
  v1::Signed message;
  message.set_body(certificate.SerializeAsString());
  message.set_signature(
      crypto::sign(authority_, "cert", crypto::hash("cert", {view_of(message.body())})).raw());
  write(path_ / "coordinator.cert", message.SerializeAsString());
  Hash token_hash;
  SHA256(view_of(token).data(), std::string_view{token}.size(), token_hash.bytes.data());
  write(path_ / "operator.token.sha256", token_hash.hex() + "\n");
  write_pem(path_ / "ca.crt", ca_->certificate.get());
  const auto server = issue(*ca_, "localhost", "tls");
  CHECK(server.certificate == path_ / "tls.crt");
}

TlsFiles CredentialsFolder::issue(const Issuer& issuer, const std::string& common_name,
                                  const std::string& file) {
  const Key key(EVP_EC_gen("P-256"));
  const auto certificate =
      certificate_for(key.get(), common_name, issuer.certificate.get(), issuer.key.get());
  TlsFiles files{path_ / (file + ".crt"), path_ / (file + ".key")};
  write_pem(files.certificate, certificate.get());
  write_pem(files.key, key.get());
  return files;
}

TlsFiles CredentialsFolder::client(const std::string& common_name) {
  return issue(*ca_, common_name,
               "client-" + std::to_string(std::hash<std::string>{}(common_name)));
}
TlsFiles CredentialsFolder::stranger(const std::string& common_name) {
  return issue(*other_ca_, common_name, "stranger");
}

}  // namespace tributary::tests
