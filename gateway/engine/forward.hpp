// A message for the coordinator as it waits in the outbox. Every one is a PUT; the same key is never
// queued twice, and the same content twice is harmless.
#pragma once

#include <string>

#include "crypto/hash.hpp"

namespace tributary::gateway::engine {

struct Forward {
  std::string key;
  std::string path;  // of the request, for example /v1/rounds/<ctx_hash>/sum
  std::string body;
};

inline Forward forward_sum(const Hash& ctx_hash, const Hash& survivors_hash, std::string body) {
  return {"sum/" + ctx_hash.hex() + "/" + survivors_hash.hex(),
          "/v1/rounds/" + ctx_hash.hex() + "/sum", std::move(body)};
}
inline Forward forward_abandon(const Hash& ctx_hash, std::string body) {
  return {"abandon/" + ctx_hash.hex(), "/v1/rounds/" + ctx_hash.hex() + "/abandon",
          std::move(body)};
}
// A refusal may be followed by another for other survivors: its content is part of the key.
inline Forward forward_mask_sum(const Hash& ctx_hash, std::string body) {
  return {"mask-sum/" + ctx_hash.hex(), "/v1/rounds/" + ctx_hash.hex() + "/mask-sum",
          std::move(body)};
}
inline Forward forward_mask_refusal(const Hash& ctx_hash, std::string body) {
  auto key = "mask-refusal/" + crypto::hash("forward", {view_of(body)}).hex();
  return {std::move(key), "/v1/rounds/" + ctx_hash.hex() + "/mask-refusal", std::move(body)};
}
inline Forward forward_void(std::string body) {
  return {"void/" + crypto::hash("forward", {view_of(body)}).hex(), "/v1/voids", std::move(body)};
}

}  // namespace tributary::gateway::engine
