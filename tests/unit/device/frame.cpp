#include "tributary/frame.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace {

std::vector<unsigned char> upload_frame(std::uint32_t index, std::uint32_t total,
                                        std::size_t words) {
  trib_upload_frame frame{};
  std::memset(frame.ctx_tag, 0xc1, sizeof frame.ctx_tag);
  std::memset(frame.nonce, 0x4e, sizeof frame.nonce);
  frame.index = index;
  frame.total = total;
  std::vector<unsigned char> bytes(TRIB_UPLOAD_HEAD_BYTES + words + TRIB_TAG_BYTES, 0x55);
  trib_encode_upload_head(bytes.data(), &frame);
  return bytes;
}

trib_status decode(const std::vector<unsigned char>& bytes, trib_upload_frame* frame) {
  const unsigned char* sealed = nullptr;
  std::size_t size = 0;
  return trib_decode_upload(frame, &sealed, &size, bytes.data(), bytes.size());
}

}  // namespace

TEST_CASE("an upload frame reads back as it was written") {
  const auto bytes = upload_frame(3, 9, 48);
  trib_upload_frame frame{};
  const unsigned char* sealed = nullptr;
  std::size_t size = 0;
  REQUIRE(trib_decode_upload(&frame, &sealed, &size, bytes.data(), bytes.size()) == TRIB_OK);
  CHECK(frame.index == 3);
  CHECK(frame.total == 9);
  CHECK(frame.nonce[15] == 0x4e);
  CHECK(frame.ctx_tag[7] == 0xc1);
  CHECK(size == 48 + TRIB_TAG_BYTES);
  CHECK(sealed == bytes.data() + TRIB_UPLOAD_HEAD_BYTES);
}

TEST_CASE("upload frames that are not one are refused") {
  const auto good = upload_frame(0, 1, 48);
  trib_upload_frame frame{};
  for (const std::size_t at : {0, 1, 2, 3}) {
    auto bad = good;
    bad[at] ^= 0x80;
    CHECK(decode(bad, &frame) == TRIB_MALFORMED);
  }
  CHECK(decode(upload_frame(1, 1, 48), &frame) == TRIB_MALFORMED);
  CHECK(decode(upload_frame(0, 0, 48), &frame) == TRIB_MALFORMED);
  for (std::size_t size = 0; size <= TRIB_CHUNK_OVERHEAD; ++size) {
    CHECK(decode({good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)}, &frame) ==
          TRIB_MALFORMED);
  }
}

TEST_CASE("model frames") {
  trib_model_frame frame{};
  std::memset(frame.model_tag, 0xab, sizeof frame.model_tag);
  frame.index = 1;
  frame.total = 2;
  std::vector<unsigned char> bytes(TRIB_MODEL_HEAD_BYTES + 4, 9);
  trib_encode_model_head(bytes.data(), &frame);
  trib_model_frame read{};
  const unsigned char* payload = nullptr;
  std::size_t size = 0;
  REQUIRE(trib_decode_model(&read, &payload, &size, bytes.data(), bytes.size()) == TRIB_OK);
  CHECK(read.index == 1);
  CHECK(read.total == 2);
  CHECK(size == 4);
  CHECK(trib_decode_model(&read, &payload, &size, bytes.data(), TRIB_MODEL_HEAD_BYTES) ==
        TRIB_MALFORMED);
  bytes[1] = 1;  // the other kind
  CHECK(trib_decode_model(&read, &payload, &size, bytes.data(), bytes.size()) == TRIB_MALFORMED);
}
