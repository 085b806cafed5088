#include "device-protocol/fleet/broker_tls.hpp"

#include <algorithm>

namespace tributary::fleet {
namespace {

constexpr auto kSuites =
    "ECDHE-PSK-CHACHA20-POLY1305:ECDHE-PSK-AES128-CBC-SHA256:ECDHE-PSK-AES256-CBC-SHA384";

// Asio keeps its own pointer in the application data, so the credential has an index of its own.
int credential_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

unsigned offer_key(SSL* ssl, const char*, char* identity, unsigned identity_size,
                   unsigned char* key, unsigned key_size) {
  const auto* credential =
      static_cast<const BrokerCredential*>(SSL_get_ex_data(ssl, credential_index()));
  if (credential == nullptr || credential->identity.size() + 1 > identity_size ||
      credential->psk.size() > key_size) {
    return 0;
  }
  std::copy_n(credential->identity.c_str(), credential->identity.size() + 1, identity);
  std::copy(credential->psk.begin(), credential->psk.end(), key);
  return static_cast<unsigned>(credential->psk.size());
}

}  // namespace

boost::asio::ssl::context make_psk_context() {
  boost::asio::ssl::context context(boost::asio::ssl::context::tls_client);
  SSL_CTX* native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list(native, kSuites);
  SSL_CTX_set_psk_client_callback(native, offer_key);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  return context;
}

void use_credential(TlsStream& stream, const BrokerCredential& credential) {
  SSL_set_ex_data(stream.native_handle(), credential_index(),
                  const_cast<BrokerCredential*>(&credential));
}

}  // namespace tributary::fleet
