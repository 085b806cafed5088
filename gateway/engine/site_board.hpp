// What is retained on the broker for every device of the site: keys, offers, model chunks. The board
// knows what ought to be there; the broker may have lost it or kept too much.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "device-protocol/cpp/context.hpp"

namespace tributary::gateway::engine {

class SiteBoard {
 public:
  // An empty payload clears a topic.
  using Publish = std::function<void(std::string topic, std::string payload)>;
  using Voids = google::protobuf::RepeatedPtrField<v1::Signed>;
  explicit SiteBoard(Publish publish) : publish_(std::move(publish)) {}

  void set_keys(std::string site_keys);  // serialized SiteKeys
  // Model chunks first, then the offer. Replaces an earlier offer of the same task.
  void offer(const wire::Context& round, v1::Offer message,
             std::shared_ptr<const std::string> model);
  // The voids of an offer that is out: published again when they are others.
  void set_voids(const Hash& ctx_hash, const Voids& voids);
  // Nothing happens when a newer round of the task is on offer.
  void retire(const Hash& ctx_hash);

  // After a (re)connect: everything again.
  void republish();
  // A retained message came from the broker: cleared when it is not of now.
  void found(std::string_view topic);

  static constexpr std::string_view root = "tributary/v1/site/";

 private:
  struct Posting {
    Hash ctx_hash;
    Hash model_hash;
    std::uint32_t chunk_bytes;
    std::string offer;
    std::shared_ptr<const std::string> model;
  };
  void publish_model(const Posting& posting) const;
  void publish_offer(const TaskId& task, const Posting& posting) const;
  void clear_model(const Posting& posting) const;
  const Posting* find_model(const Hash& model_hash) const;  // nullptr: nobody offers it
  bool current(std::string_view topic) const;

  Publish publish_;
  std::string keys_;
  std::map<TaskId, Posting> postings_;
};

}  // namespace tributary::gateway::engine
