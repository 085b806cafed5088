// The fleet's X.509 side: a private CA and the TLS certificates it issues (P-256, SHA-256, PEM).
#pragma once

#include <string>
#include <vector>

namespace tributary::cli {

struct TlsPair {
  std::string key;          // PEM, PKCS #8
  std::string certificate;  // PEM
};

TlsPair make_ca(const std::string& name, int days);
// For a server: `hosts` are DNS names or IP addresses for the subject alternative names.
TlsPair issue_server(const TlsPair& ca, const std::string& name,
                     const std::vector<std::string>& hosts, int days);
// For a client: only the common name counts.
TlsPair issue_client(const TlsPair& ca, const std::string& name, int days);

// Days until the first certificate of a PEM text ends; negative: it has ended. -1000000: not a certificate.
int days_left(const std::string& pem);

}  // namespace tributary::cli
