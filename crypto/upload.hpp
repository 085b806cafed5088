// Sealed upload chunks and the digest that commits to them (PROTOCOL.md 7).
#pragma once

#include "crypto/keys.hpp"
#include "crypto/ring.hpp"

namespace tributary::crypto {

struct ChunkPlace {
  Hash ctx_hash;
  DeviceId device;
  std::uint32_t index;
  std::uint32_t total;
  RingBits bits;
};

// Opens ciphertext || tag. nullopt: the tag does not verify.
std::optional<Bytes> open_chunk(const UploadKey& key, const ChunkPlace& place, ByteView sealed);
// The device's side, for tests and vectors: returns ciphertext || tag.
Bytes seal_chunk(const UploadKey& key, const ChunkPlace& place, ByteView words);

Hash upload_digest(const Hash& ctx_hash, const DeviceId& device, const Nonce& nonce,
                   std::span<const AeadTag> tags);

struct SurvivorEntry {
  DeviceId device;
  Nonce nonce;
  Hash digest;
};
// Entries strictly ascending by device; nullopt when they are not.
std::optional<Hash> survivors_hash(const Hash& ctx_hash, std::span<const SurvivorEntry> entries);

// One gateway's part of a total over several.
struct JointLeaf {
  Hash ctx_hash;
  Hash survivors_hash;
};
// H("joint", ctx_hash, survivors_hash of each leaf ..): stands for both hashes in what is said of the total.
Hash joint_hash(std::span<const JointLeaf> leaves);

}  // namespace tributary::crypto
