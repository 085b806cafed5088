#include "cloud/server/tls.hpp"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

#include "cloud/engine/identity.hpp"

namespace tributary::cloud::server {
namespace {

namespace ssl = boost::asio::ssl;
namespace fs = std::filesystem;

void load(const fs::path& file, const boost::system::error_code& error) {
  if (!error) return;
  throw engine::CredentialFault(file.string() + ": " + error.message() +
                                "; `tributary authority coordinator` writes it");
}

ssl::context server_context(const fs::path& credentials) {
  ssl::context context(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_3_VERSION);
  // Every connection proves itself anew: a ticket would outlive a revoked certificate.
  SSL_CTX_set_num_tickets(context.native_handle(), 0);
  SSL_CTX_set_session_cache_mode(context.native_handle(), SSL_SESS_CACHE_OFF);
  boost::system::error_code error;
  load(credentials / "tls.crt",
       context.use_certificate_chain_file((credentials / "tls.crt").string(), error));
  load(credentials / "tls.key",
       context.use_private_key_file((credentials / "tls.key").string(), ssl::context::pem, error));
  return context;
}

}  // namespace

ssl::context gateway_tls(const fs::path& credentials) {
  auto context = server_context(credentials);
  boost::system::error_code error;
  const auto authority = credentials / "ca.crt";
  load(authority, context.load_verify_file(authority.string(), error));
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return context;
}

ssl::context admin_tls(const fs::path& credentials) {
  return server_context(credentials);
}

std::optional<GatewayId> peer_gateway(SSL* connection) {
  constexpr std::string_view prefix = "gateway:";
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get1_peer_certificate(connection), &X509_free);
  if (!certificate) return std::nullopt;
  char name[64] = {};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()),
                                             NID_commonName, name, sizeof name);
  if (size <= 0) return std::nullopt;
  const std::string_view text(name, static_cast<std::size_t>(size));
  if (!text.starts_with(prefix)) return std::nullopt;
  return GatewayId::from_hex(text.substr(prefix.size()));
}

}  // namespace tributary::cloud::server
