#include "device-protocol/cpp/signed.hpp"

namespace tributary::wire {

Hash body_hash(std::string_view label, std::string_view body) {
  return crypto::hash(label, {view_of(body)});
}

v1::Signed sign_body(std::string_view label, std::string body, const crypto::SigningKey& key) {
  v1::Signed message;
  message.set_signature(crypto::sign(key, label, body_hash(label, body)).raw());
  message.set_body(std::move(body));
  return message;
}

bool verify_body(std::string_view label, const v1::Signed& message, const VerifyKey& key) {
  const auto signature = Signature::from(message.signature());
  return signature && crypto::verify(key, label, body_hash(label, message.body()), *signature);
}

}  // namespace tributary::wire
