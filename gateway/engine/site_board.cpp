#include "gateway/engine/site_board.hpp"

#include <algorithm>
#include <charconv>

#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/topics.hpp"

namespace tributary::gateway::engine {
namespace {

std::uint32_t chunk_count(std::size_t size, std::size_t chunk_bytes) {
  return static_cast<std::uint32_t>((size + chunk_bytes - 1) / chunk_bytes);
}

}  // namespace

void SiteBoard::set_keys(std::string site_keys) {
  if (site_keys == keys_) return;
  keys_ = std::move(site_keys);
  publish_(std::string(wire::site_keys_topic), keys_);
}

void SiteBoard::offer(const wire::Context& round, v1::Offer message,
                      std::shared_ptr<const std::string> model) {
  // Two offers of one model share its chunks, and so their size.
  const Posting* same = find_model(round.model_hash);
  const bool model_is_there = same != nullptr;
  const auto chunk_bytes = model_is_there ? same->chunk_bytes : round.chunk_bytes;
  message.set_model_chunk_bytes(chunk_bytes);
  Posting posting{round.hash, round.model_hash, chunk_bytes, message.SerializeAsString(),
                  std::move(model)};
  const auto old = postings_.extract(round.task);
  const Posting& entered = postings_.emplace(round.task, std::move(posting)).first->second;
  if (!model_is_there) publish_model(entered);
  publish_offer(round.task, entered);
  if (!old.empty() && find_model(old.mapped().model_hash) == nullptr) clear_model(old.mapped());
}

void SiteBoard::set_voids(const Hash& ctx_hash, const Voids& voids) {
  const auto found = std::ranges::find_if(
      postings_, [&](const auto& posting) { return posting.second.ctx_hash == ctx_hash; });
  if (found == postings_.end()) return;
  v1::Offer offer;
  offer.ParseFromString(found->second.offer);
  *offer.mutable_voids() = voids;
  auto bytes = offer.SerializeAsString();
  if (bytes == found->second.offer) return;
  found->second.offer = std::move(bytes);
  publish_offer(found->first, found->second);
}

void SiteBoard::retire(const Hash& ctx_hash) {
  const auto found = std::ranges::find_if(
      postings_, [&](const auto& posting) { return posting.second.ctx_hash == ctx_hash; });
  if (found == postings_.end()) return;
  publish_(wire::offer_topic(found->first), {});
  const auto old = postings_.extract(found);
  if (find_model(old.mapped().model_hash) == nullptr) clear_model(old.mapped());
}

void SiteBoard::republish() {
  if (!keys_.empty()) publish_(std::string(wire::site_keys_topic), keys_);
  for (const auto& [task, posting] : postings_) {
    publish_model(posting);
    publish_offer(task, posting);
  }
}

void SiteBoard::found(std::string_view name) {
  if (name.starts_with(root) && !current(name)) publish_(std::string(name), {});
}

void SiteBoard::publish_model(const Posting& posting) const {
  const ByteView model = view_of(*posting.model);
  const std::size_t size = posting.chunk_bytes;
  const std::uint32_t total = chunk_count(model.size(), size);
  for (std::uint32_t i = 0; i < total; ++i) {
    const auto payload = model.subspan(i * size, std::min(size, model.size() - i * size));
    const auto frame = wire::model_chunk({wire::frame_tag(posting.model_hash), i, total, payload});
    publish_(wire::model_topic(posting.model_hash, i), std::string(text_of(frame)));
  }
}

void SiteBoard::publish_offer(const TaskId& task, const Posting& posting) const {
  publish_(wire::offer_topic(task), posting.offer);
}

void SiteBoard::clear_model(const Posting& posting) const {
  const std::uint32_t total = chunk_count(posting.model->size(), posting.chunk_bytes);
  for (std::uint32_t i = 0; i < total; ++i) publish_(wire::model_topic(posting.model_hash, i), {});
}

const SiteBoard::Posting* SiteBoard::find_model(const Hash& model_hash) const {
  const auto found = std::ranges::find_if(
      postings_, [&](const auto& posting) { return posting.second.model_hash == model_hash; });
  return found == postings_.end() ? nullptr : &found->second;
}

bool SiteBoard::current(std::string_view name) const {
  if (name == wire::site_keys_topic) return true;
  for (const auto& [task, posting] : postings_) {
    if (name == wire::offer_topic(task)) return true;
    const std::string prefix = std::string(root) + "model/" + posting.model_hash.hex() + "/";
    if (!name.starts_with(prefix)) continue;
    std::size_t index = 0;
    const auto digits = name.substr(prefix.size());
    const auto read = std::from_chars(digits.begin(), digits.end(), index);
    return read.ptr == digits.end() &&
           index < chunk_count(posting.model->size(), posting.chunk_bytes);
  }
  return false;
}

}  // namespace tributary::gateway::engine
