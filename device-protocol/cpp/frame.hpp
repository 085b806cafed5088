// The frames of PROTOCOL.md 4 as C++ values, over the device library's codec.
#pragma once

#include "crypto/bytes.hpp"

namespace tributary::wire {

using FrameTag = Fixed<struct FrameTagTag, 8>;  // first bytes of a context or model hash
FrameTag frame_tag(const Hash& hash);

struct UploadChunk {
  FrameTag ctx_tag;
  Nonce nonce;
  std::uint32_t index;
  std::uint32_t total;
  ByteView sealed;  // ciphertext || tag, at least 17 bytes, inside the bytes parsed
};
// nullopt: another version or kind, reserved bytes set, index >= total, or too short.
std::optional<UploadChunk> parse_upload_chunk(ByteView frame);
Bytes upload_chunk(const UploadChunk& chunk);

struct ModelChunk {
  FrameTag model_tag;
  std::uint32_t index;
  std::uint32_t total;
  ByteView payload;  // at least 1 byte, inside the bytes parsed
};
std::optional<ModelChunk> parse_model_chunk(ByteView frame);
Bytes model_chunk(const ModelChunk& chunk);

}  // namespace tributary::wire
