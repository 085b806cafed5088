// TLS 1.3 contexts of the two listeners, and who a client certificate belongs to.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <optional>

#include "crypto/bytes.hpp"

namespace tributary::cloud::server {

// tls.crt, tls.key and ca.crt of the credentials folder. Throw engine::CredentialFault.
boost::asio::ssl::context gateway_tls(const std::filesystem::path& credentials);
boost::asio::ssl::context admin_tls(const std::filesystem::path& credentials);

// From the common name gateway:<hex id> of the verified peer; nullopt: it is not a gateway's.
std::optional<GatewayId> peer_gateway(SSL* connection);

}  // namespace tributary::cloud::server
