// What a helper signs, byte for byte (cloud/api/proto/uplink.proto). Signing is deterministic: the
// same values give the same bytes.
#pragma once

#include "crypto/keys.hpp"
#include "crypto/sealed_box.hpp"
#include "gateway/helper/claim.hpp"
#include "gateway/helper/limits.hpp"
#include "gateway/helper/scope.hpp"

namespace tributary::gateway::helper {

struct Signer {
  std::string_view tenant;
  HelperId id;
  const crypto::SigningKey& key;
};

// H("mask-sum", ctx_hash, survivors_hash, helper_id, sealed): what is signed and what is recorded.
Hash response_hash(const crypto::SealStatement& statement, ByteView sealed);
std::string mask_sum(const Signer& signer, const crypto::SealStatement& statement, ByteView sealed);
std::string mask_refusal(const Signer& signer, const ClaimHashes& hashes, const Fault& fault);
std::string void_statement(const Signer& signer, const ScopeKey& scope, UnixTime at);
std::string epoch_key(const Signer& signer, std::uint32_t epoch, const ExchangeKey& key,
                      UnixTime not_after);

}  // namespace tributary::gateway::helper
