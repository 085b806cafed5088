#include "gateway/helper/statement.hpp"

namespace tributary::gateway::helper {
namespace {

std::string signed_body(const Signer& signer, std::string_view label, std::string body) {
  v1::Signed message;
  message.set_signature(
      crypto::sign(signer.key, label, crypto::hash(label, {view_of(body)})).raw());
  message.set_body(std::move(body));
  return message.SerializeAsString();
}

std::uint64_t unix_seconds(UnixTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace

Hash response_hash(const crypto::SealStatement& statement, ByteView sealed) {
  return crypto::hash("mask-sum", {statement.ctx_hash.view(), statement.survivors_hash.view(),
                                   statement.helper.view(), sealed});
}

std::string mask_sum(const Signer& signer, const crypto::SealStatement& statement,
                     ByteView sealed) {
  v1::MaskSum message;
  message.set_ctx_hash(statement.ctx_hash.raw());
  message.set_survivors_hash(statement.survivors_hash.raw());
  message.set_helper_id(statement.helper.raw());
  message.set_sealed(sealed.data(), sealed.size());
  message.set_signature(
      crypto::sign(signer.key, "mask-sum", response_hash(statement, sealed)).raw());
  return message.SerializeAsString();
}

std::string mask_refusal(const Signer& signer, const ClaimHashes& hashes, const Fault& fault) {
  v1::MaskRefusal message;
  message.set_ctx_hash(hashes.ctx_hash.raw());
  message.set_survivors_hash(hashes.survivors_hash.raw());
  message.set_helper_id(signer.id.raw());
  message.set_reason(fault.reason);
  crypto::PartHasher hasher("mask-refusal");
  hasher.part(hashes.ctx_hash.view());
  hasher.part(hashes.survivors_hash.view());
  hasher.part(signer.id.view());
  hasher.part(crypto::le32(static_cast<std::uint32_t>(fault.reason)));
  for (const auto& device : fault.devices) {
    message.add_device_ids(device.raw());
    hasher.part(device.view());
  }
  message.set_signature(crypto::sign(signer.key, "mask-refusal", hasher.finish()).raw());
  return message.SerializeAsString();
}

std::string void_statement(const Signer& signer, const ScopeKey& scope, UnixTime at) {
  v1::Void message;
  message.mutable_scope()->set_tenant(std::string{signer.tenant});
  message.mutable_scope()->set_task_id(scope.task.raw());
  message.mutable_scope()->set_round(scope.round);
  const std::string place{text_of(scope.place_bytes())};
  if (scope.wide()) {
    message.mutable_scope()->set_scope_id(place);
  } else {
    message.mutable_scope()->set_gateway_id(place);
  }
  message.set_helper_id(signer.id.raw());
  message.set_at(unix_seconds(at));
  return signed_body(signer, "void", message.SerializeAsString());
}

std::string epoch_key(const Signer& signer, std::uint32_t epoch, const ExchangeKey& key,
                      UnixTime not_after) {
  v1::EpochKey message;
  message.set_subject_id(signer.id.raw());
  message.set_role(v1::ROLE_HELPER);
  message.set_epoch(epoch);
  message.set_public_key(key.raw());
  message.set_not_after(unix_seconds(not_after));
  return signed_body(signer, "epoch-key", message.SerializeAsString());
}

}  // namespace tributary::gateway::helper
