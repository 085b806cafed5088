// The gateway's part until the survivors are fixed: offer, heads, uploads.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>

#include "crypto/upload.hpp"
#include "tests/unit/device/pair_site.hpp"
#include "tributary/frame.h"

namespace pair_test {

using namespace tributary;
using namespace tributary::crypto;

namespace {

const std::string root = "tributary/v1/";

std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

Bytes bytes_of(const std::string& raw) {
  return {raw.begin(), raw.end()};
}

}  // namespace

void PairSite::open_round(std::uint32_t slot) {
  round.emplace();
  round->slot = slot;
  auto& context = round->context;
  context.set_minimum_reader_version(4);
  context.set_tenant("acme");
  context.set_task_id(task.raw());
  context.set_gateway_id(gateway.raw());
  context.set_mode(v1::TRUST_MODE_PAIRWISE);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(slot);
  context.set_model("test:12");
  context.set_parameters(parameters);
  auto weights = model;
  weights[0] += 0.001F * static_cast<float>(slot);
  const auto* raw = reinterpret_cast<const std::uint8_t*>(weights.data());
  const Hash model_hash = hash("model", {ByteView(raw, 4 * weights.size())});
  context.set_model_hash(model_hash.raw());
  auto& encoding = *context.mutable_encoding();
  encoding.set_ring_bits(32);
  encoding.set_scale_log2(20);
  encoding.set_clip_l2(10);
  encoding.set_clip_inf(1);
  encoding.set_weight_examples_cap(100);
  encoding.set_weight_scale_log2(20);
  encoding.set_loss_cap(10);
  encoding.set_canary_words(4);
  auto& training = *context.mutable_training();
  training.set_local_steps(2);
  training.set_batch_size(4);
  training.set_learning_rate(0.1F);
  context.set_gateway_epoch(1);
  context.set_roster_hash(std::string(32, 'r'));
  context.set_participation_threshold(0xffffffff);
  context.set_n_min(2);
  context.set_n_target(plan.devices);
  context.set_n_max(plan.devices);
  context.set_deadline(1800001000);
  context.set_combiner_key(std::string(32, 'c'));
  context.set_chunk_bytes(48);
  context.mutable_pairwise()->set_group_hash(group_hash().raw());
  round->ctx_hash = hash("ctx", {view_of(context.SerializeAsString())});
  trib_model_frame frame{{}, 0, 1};
  std::memcpy(frame.model_tag, model_hash.bytes.data(), sizeof frame.model_tag);
  std::string payload(TRIB_MODEL_HEAD_BYTES, 0);
  trib_encode_model_head(reinterpret_cast<unsigned char*>(payload.data()), &frame);
  payload.append(raw, raw + 4 * weights.size());
  for (const auto& [owner, prekey] : prekeys[slot]) {
    publish(head_topic(slot, owner), text(pairwise::encode(prekey.head)));
  }
  publish(root + "site/model/" + model_hash.hex() + "/0", payload);
  publish(root + "site/offer/" + task.hex(), offer());
}

std::string PairSite::offer() const {
  return offer_of(round->context);
}

std::string PairSite::offer_of(const v1::RoundContext& context) const {
  v1::Offer offer;
  offer.set_context(context.SerializeAsString());
  offer.set_signature(sign(coordinator_, "ctx", hash("ctx", {view_of(offer.context())})).raw());
  offer.set_model_chunk_bytes(4096);
  return offer.SerializeAsString();
}

std::string PairSite::credit(std::uint32_t device, const v1::UploadRequest& request) const {
  v1::Credit credit;
  credit.set_ctx_hash(request.ctx_hash());
  credit.set_nonce(request.nonce());
  const auto at = uploads_.find(ids[device].raw() + request.ctx_hash() + request.nonce());
  for (std::uint32_t i = 0; i < request.total(); ++i) {
    if (at != uploads_.end() && at->second.opened.contains(i)) continue;
    if (static_cast<std::uint32_t>(credit.ranges_size()) == std::min(credit_chunks, 8U)) break;
    credit.add_ranges()->set_first(i);
    credit.mutable_ranges(credit.ranges_size() - 1)->set_count(1);
  }
  return credit.SerializeAsString();
}

void PairSite::on_request(std::uint32_t device, const Bytes& payload) {
  v1::UploadRequest request;
  REQUIRE(request.ParseFromString(text(payload)));
  if (!round || request.ctx_hash() != round->ctx_hash.raw() || !round->survivors.empty()) {
    v1::Reject reject;
    reject.set_ctx_hash(request.ctx_hash());
    reject.set_nonce(request.nonce());
    reject.set_reason(v1::REJECT_LATE);
    return deliver(device, "reject", reject.SerializeAsString());
  }
  deliver(device, "credit", credit(device, request));
}

void PairSite::on_chunk(std::uint32_t device, const Bytes& payload) {
  trib_upload_frame frame;
  const unsigned char* sealed = nullptr;
  std::size_t size = 0;
  REQUIRE(trib_decode_upload(&frame, &sealed, &size, payload.data(), payload.size()) == TRIB_OK);
  REQUIRE(round);
  if (std::memcmp(round->ctx_hash.bytes.data(), frame.ctx_tag, sizeof frame.ctx_tag) != 0) return;
  const Nonce nonce = *Nonce::from(ByteView(frame.nonce, sizeof frame.nonce));
  const Bytes bytes(sealed, sealed + size);
  auto& upload = uploads_[ids[device].raw() + round->ctx_hash.raw() + nonce.raw()];
  const auto [at, fresh] = upload.sealed.try_emplace(frame.index, bytes);
  CHECK_MESSAGE(at->second == bytes, "two vectors under one nonce");
  const auto opened =
      open_chunk(upload_key(pair(device), round->ctx_hash, ids[device], nonce),
                 {round->ctx_hash, ids[device], frame.index, frame.total, RingBits::b32}, bytes);
  REQUIRE(opened);
  upload.opened[frame.index] = *opened;
}

void PairSite::on_header(std::uint32_t device, const Bytes& payload) {
  v1::UploadHeader header;
  REQUIRE(header.ParseFromString(text(payload)));
  CHECK(header.tickets_size() == 0);
  v1::UploadRequest request;
  request.set_ctx_hash(header.ctx_hash());
  request.set_nonce(header.nonce());
  request.set_total(header.total());
  const auto& upload = uploads_[ids[device].raw() + header.ctx_hash() + header.nonce()];
  if (!round || header.ctx_hash() != round->ctx_hash.raw() || !round->survivors.empty() ||
      upload.opened.size() < header.total()) {
    return on_request(device, bytes_of(request.SerializeAsString()));
  }
  const Nonce nonce = *Nonce::from(std::string_view(header.nonce()));
  std::vector<AeadTag> tags;
  Bytes masked;
  for (const auto& [index, sealed] : upload.sealed) {
    tags.push_back(*AeadTag::from(ByteView(sealed).last(TRIB_TAG_BYTES)));
  }
  for (const auto& [index, chunk] : upload.opened) {
    masked.insert(masked.end(), chunk.begin(), chunk.end());
  }
  const Hash digest = upload_digest(round->ctx_hash, ids[device], nonce, tags);
  CHECK(header.digest() == digest.raw());
  const auto [at, fresh] = round->uploads.try_emplace(device, masked);
  CHECK_MESSAGE(at->second == masked, "two contributions to one round");
  v1::Receipt receipt;
  receipt.set_ctx_hash(header.ctx_hash());
  receipt.set_nonce(header.nonce());
  receipt.set_digest(digest.raw());
  receipt.set_mac(receipt_mac(pair(device), round->ctx_hash, ids[device], nonce, digest).raw());
  deliver(device, "receipt", receipt.SerializeAsString());
}

}  // namespace pair_test
