#include "cloud/cli/x509.hpp"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <memory>

#include "cloud/cli/files.hpp"

namespace tributary::cli {
namespace {

template <auto Free>
struct Freed {
  template <class Type>
  void operator()(Type* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free>>;
using Number = std::unique_ptr<BIGNUM, Freed<BN_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>>;

template <class Type>
Type* require(Type* pointer) {
  if (pointer == nullptr) throw CommandFault("OpenSSL could not make or read a certificate");
  return pointer;
}
void require_ok(int result) {
  if (result <= 0) throw CommandFault("OpenSSL could not make a certificate");
}

Memory memory_of(const std::string& text) {
  return Memory(require(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))));
}

std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_ctrl(memory, BIO_CTRL_INFO, 0, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(EVP_PKEY* key) {
  Memory out(require(BIO_new(BIO_s_mem())));
  require_ok(PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
  return text_of(out.get());
}

std::string pem_of(X509* certificate) {
  Memory out(require(BIO_new(BIO_s_mem())));
  require_ok(PEM_write_bio_X509(out.get(), certificate));
  return text_of(out.get());
}

Key new_key() {
  return Key(require(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")));
}

void add(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Extension extension(require(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())));
  require_ok(X509_add_ext(certificate, extension.get(), -1));
}

// Names, serial number and validity; the signature comes last.
Certificate begin(const std::string& name, EVP_PKEY* key, int days) {
  Certificate certificate(require(X509_new()));
  require_ok(X509_set_version(certificate.get(), 2));
  Number serial(require(BN_new()));
  require_ok(BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY));
  require(BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get())));
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  require_ok(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text, -1, -1, 0));
  // Begins a day early: the clocks of a plant are not all right.
  require(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86400));
  require(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400L * days));
  require_ok(X509_set_pubkey(certificate.get(), key));
  return certificate;
}

TlsPair issue(const TlsPair& ca, const std::string& name, const std::string& purpose,
              const std::string& alternative, int days) {
  Certificate issuer(
      require(PEM_read_bio_X509(memory_of(ca.certificate).get(), nullptr, nullptr, nullptr)));
  Key issuer_key(
      require(PEM_read_bio_PrivateKey(memory_of(ca.key).get(), nullptr, nullptr, nullptr)));
  Key key = new_key();
  Certificate certificate = begin(name, key.get(), days);
  require_ok(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())));
  add(certificate.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add(certificate.get(), issuer.get(), NID_key_usage, "critical,digitalSignature");
  add(certificate.get(), issuer.get(), NID_ext_key_usage, purpose);
  add(certificate.get(), issuer.get(), NID_subject_key_identifier, "hash");
  add(certificate.get(), issuer.get(), NID_authority_key_identifier, "keyid");
  if (!alternative.empty()) add(certificate.get(), issuer.get(), NID_subject_alt_name, alternative);
  require_ok(X509_sign(certificate.get(), issuer_key.get(), EVP_sha256()));
  return {pem_of(key.get()), pem_of(certificate.get())};
}

}  // namespace

TlsPair make_ca(const std::string& name, int days) {
  Key key = new_key();
  Certificate certificate = begin(name, key.get(), days);
  require_ok(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())));
  add(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add(certificate.get(), certificate.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add(certificate.get(), certificate.get(), NID_subject_key_identifier, "hash");
  require_ok(X509_sign(certificate.get(), key.get(), EVP_sha256()));
  return {pem_of(key.get()), pem_of(certificate.get())};
}

TlsPair issue_server(const TlsPair& ca, const std::string& name,
                     const std::vector<std::string>& hosts, int days) {
  std::string alternative;
  for (const auto& host : hosts) {
    boost::system::error_code error;
    boost::asio::ip::make_address(host, error);
    alternative += (alternative.empty() ? "" : ",") + std::string(error ? "DNS:" : "IP:") + host;
  }
  return issue(ca, name, "serverAuth", alternative, days);
}

TlsPair issue_client(const TlsPair& ca, const std::string& name, int days) {
  return issue(ca, name, "clientAuth", "", days);
}

int days_left(const std::string& pem) {
  Certificate certificate(PEM_read_bio_X509(memory_of(pem).get(), nullptr, nullptr, nullptr));
  int days = 0;
  int seconds = 0;
  if (!certificate ||
      ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate.get())) != 1) {
    return -1000000;
  }
  return days;
}

}  // namespace tributary::cli
