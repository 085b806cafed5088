#include "device-protocol/cpp/frame.hpp"

#include <algorithm>

#include "tributary/frame.h"

namespace tributary::wire {

FrameTag frame_tag(const Hash& hash) {
  return *FrameTag::from(hash.view().first(FrameTag::size));
}

std::optional<UploadChunk> parse_upload_chunk(ByteView frame) {
  trib_upload_frame head;
  const unsigned char* sealed = nullptr;
  std::size_t size = 0;
  if (trib_decode_upload(&head, &sealed, &size, frame.data(), frame.size()) != TRIB_OK) {
    return std::nullopt;
  }
  return UploadChunk{*FrameTag::from(ByteView(head.ctx_tag)),
                     *Nonce::from(ByteView(head.nonce)),
                     head.index,
                     head.total,
                     {sealed, size}};
}

Bytes upload_chunk(const UploadChunk& chunk) {
  trib_upload_frame head;
  std::ranges::copy(chunk.ctx_tag.bytes, head.ctx_tag);
  std::ranges::copy(chunk.nonce.bytes, head.nonce);
  head.index = chunk.index;
  head.total = chunk.total;
  Bytes frame(TRIB_UPLOAD_HEAD_BYTES);
  trib_encode_upload_head(frame.data(), &head);
  frame.insert(frame.end(), chunk.sealed.begin(), chunk.sealed.end());
  return frame;
}

std::optional<ModelChunk> parse_model_chunk(ByteView frame) {
  trib_model_frame head;
  const unsigned char* payload = nullptr;
  std::size_t size = 0;
  if (trib_decode_model(&head, &payload, &size, frame.data(), frame.size()) != TRIB_OK) {
    return std::nullopt;
  }
  return ModelChunk{
      *FrameTag::from(ByteView(head.model_tag)), head.index, head.total, {payload, size}};
}

Bytes model_chunk(const ModelChunk& chunk) {
  trib_model_frame head;
  std::ranges::copy(chunk.model_tag.bytes, head.model_tag);
  head.index = chunk.index;
  head.total = chunk.total;
  Bytes frame(TRIB_MODEL_HEAD_BYTES);
  trib_encode_model_head(frame.data(), &head);
  frame.insert(frame.end(), chunk.payload.begin(), chunk.payload.end());
  return frame;
}

}  // namespace tributary::wire
