// What a gateway hears: hellos, requests, chunks and headers of one hostile device at any moment of a round, and the
// coordinator's work, changed or out of place. The other devices' round closes with their exact sum, the disk never
// fails, and the hostile device is in the sum only with what it truly uploaded.
#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"
#include "tests/unit/gateway/site_world.hpp"

namespace {

using namespace tributary;
using namespace tributary::gateway::test;
using fuzz::require;
using fuzz::Story;

class World {
 public:
  World() : fleet_(3), site_(fleet_) {
    site_.join_all();
    site_.open(fleet_.context(2, 3));
    offer_.ParseFromString(site_.retained(site_.offer_topic()));
    keys_ = site_.retained(std::string(wire::site_keys_topic));
  }

  void step(Story& story) {
    switch (story.byte() % 8) {
      case 0:
        return say(story, "hello", hello());
      case 1:
        return say(story, "request", request());
      case 2: {
        const auto frames = fleet_.frames(hostile(), offer_.context(), keys_);
        return say(story, "chunk", frames[story.byte() % frames.size()]);
      }
      case 3:
        return say(story, "header",
                   fleet_.header(hostile(), offer_.context(), keys_).SerializeAsString());
      case 4:
        return topic(story);
      case 5:
        return work(story);
      case 6:
        site_.skipped += std::chrono::milliseconds(story.byte() * 10);
        return site_.site->tick();
      default:
        return site_.settle();
    }
  }

  void finish() {
    for (const std::size_t honest : {1U, 2U}) site_.upload(fleet_.devices[honest]);
    require(site_.receipts.contains(fleet_.devices[1].id) &&
                site_.receipts.contains(fleet_.devices[2].id),
            "the other devices get their receipts");
    site_.skipped += std::chrono::seconds(700);
    site_.site->tick();
    const auto sum = site_.sum();
    require(sum.survivors_size() >= 2, "the round closes");
    require(fleet_.unmask(sum) == fleet_.true_sum(sum), "the sum is exact");
    require(site_.broken.empty(), "the disk is no part of this");
  }

 private:
  const FleetDevice& hostile() const { return fleet_.devices[0]; }

  void say(Story& story, const std::string& kind, const std::string& genuine) {
    site_.site->message("tributary/v1/device/" + hostile().id.hex() + "/up/" + kind,
                        story.edited(genuine), false);
  }
  std::string hello() const {
    v1::Hello message;
    *message.mutable_key() = hostile().certified;
    message.set_protocol_version(1);
    return message.SerializeAsString();
  }
  std::string request() const {
    v1::UploadRequest message;
    message.set_ctx_hash(wire::ctx_hash(offer_.context()).raw());
    message.set_nonce(hostile().nonce.raw());
    message.set_total(fleet_.header(hostile(), offer_.context(), keys_).total());
    return message.SerializeAsString();
  }
  void topic(Story& story) {
    const char* topics[] = {"tributary/v1/site/keys", "tributary/v1/site/offer/",
                            "tributary/v1/site/model/00/0", "tributary/v1/device/"};
    const std::string genuine = topics[story.byte() % 4] + hostile().id.hex();
    const auto changed = story.edited(genuine);
    const bool retained = story.byte() % 2 == 1;
    site_.site->message(changed, story.edited("payload"), retained);
  }
  // The outcome of the round is not among it: the coordinator may end a round.
  void work(Story& story) {
    v1::Work genuine;
    *genuine.add_rounds() = fleet_.offer(fleet_.context(2, 3));
    *genuine.add_helper_keys() = fleet_.helper_key();
    auto* drop = genuine.add_drops();
    drop->set_ctx_hash(wire::ctx_hash(offer_.context()).raw());
    v1::Work changed;
    if (!changed.ParseFromString(story.edited(genuine.SerializeAsString()))) return;
    changed.clear_outcomes();
    *changed.mutable_helper_keys() = genuine.helper_keys();
    const auto model = std::make_shared<const std::string>(fleet_.model());
    for (auto& round : site_.site->take(changed)) site_.site->open(std::move(round), model);
    site_.settle();
  }

  Fleet fleet_;
  SiteWorld site_;
  v1::Offer offer_;
  std::string keys_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::seed_libsodium(1);
  Story story(data, size);
  World world;
  for (int steps = 0; steps < 24 && !story.over(); ++steps) world.step(story);
  world.finish();
  return 0;
}
