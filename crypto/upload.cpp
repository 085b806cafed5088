#include "crypto/upload.hpp"

#include <algorithm>

#include "crypto/sodium.hpp"

namespace tributary::crypto {
namespace {

constexpr std::size_t tag_bytes = crypto_aead_chacha20poly1305_ietf_ABYTES;
using AeadNonce = std::array<std::uint8_t, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

AeadNonce chunk_nonce(std::uint32_t index) {
  AeadNonce nonce{};
  std::ranges::copy(le32(index), nonce.begin());
  return nonce;
}

void append_part(Bytes& bytes, ByteView part) {
  const auto size = le32(static_cast<std::uint32_t>(part.size()));
  bytes.insert(bytes.end(), size.begin(), size.end());
  bytes.insert(bytes.end(), part.begin(), part.end());
}

Bytes associated_data(const ChunkPlace& place) {
  std::array<std::uint8_t, 8> position;
  std::ranges::copy(le32(place.index), position.begin());
  std::ranges::copy(le32(place.total), position.begin() + 4);
  const std::uint8_t bits = static_cast<std::uint8_t>(place.bits);
  Bytes data;
  append_part(data, view_of("tributary/v1/chunk"));
  append_part(data, place.ctx_hash.view());
  append_part(data, place.device.view());
  append_part(data, position);
  append_part(data, {&bits, 1});
  return data;
}

}  // namespace

std::optional<Bytes> open_chunk(const UploadKey& key, const ChunkPlace& place, ByteView sealed) {
  require_sodium();
  if (sealed.size() < tag_bytes) return std::nullopt;
  const Bytes aad = associated_data(place);
  const AeadNonce nonce = chunk_nonce(place.index);
  Bytes words(sealed.size() - tag_bytes);
  if (crypto_aead_chacha20poly1305_ietf_decrypt(words.data(), nullptr, nullptr, sealed.data(),
                                                sealed.size(), aad.data(), aad.size(), nonce.data(),
                                                key.expose().data()) != 0) {
    return std::nullopt;
  }
  return words;
}

Bytes seal_chunk(const UploadKey& key, const ChunkPlace& place, ByteView words) {
  require_sodium();
  const Bytes aad = associated_data(place);
  const AeadNonce nonce = chunk_nonce(place.index);
  Bytes sealed(words.size() + tag_bytes);
  crypto_aead_chacha20poly1305_ietf_encrypt(sealed.data(), nullptr, words.data(), words.size(),
                                            aad.data(), aad.size(), nullptr, nonce.data(),
                                            key.expose().data());
  return sealed;
}

Hash upload_digest(const Hash& ctx_hash, const DeviceId& device, const Nonce& nonce,
                   std::span<const AeadTag> tags) {
  PartHasher hasher("upload");
  hasher.part(ctx_hash.view());
  hasher.part(device.view());
  hasher.part(nonce.view());
  hasher.begin_part(static_cast<std::uint32_t>(tags.size() * AeadTag::size));
  for (const AeadTag& tag : tags) hasher.piece(tag.view());
  return hasher.finish();
}

std::optional<Hash> survivors_hash(const Hash& ctx_hash, std::span<const SurvivorEntry> entries) {
  PartHasher hasher("survivors");
  hasher.part(ctx_hash.view());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const SurvivorEntry& entry = entries[i];
    if (i > 0 && !(entries[i - 1].device < entry.device)) return std::nullopt;
    hasher.begin_part(DeviceId::size + Nonce::size + Hash::size);
    hasher.piece(entry.device.view());
    hasher.piece(entry.nonce.view());
    hasher.piece(entry.digest.view());
  }
  return hasher.finish();
}

Hash joint_hash(std::span<const JointLeaf> leaves) {
  PartHasher hasher("joint");
  for (const auto& leaf : leaves) {
    hasher.part(leaf.ctx_hash.view());
    hasher.part(leaf.survivors_hash.view());
  }
  return hasher.finish();
}

}  // namespace tributary::crypto
