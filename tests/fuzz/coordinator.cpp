// What a coordinator is told by gateways and helpers: keys, rosters, sums, mask sums, refusals, abandons and VOIDs,
// changed or out of place. What is declined is declined in words, what is accepted is what was signed, and unless
// somebody gave the round up in signed words it is released with the average of what was contributed.
#include <doctest/doctest.h>

#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"
#include "tests/unit/cloud/site_world.hpp"

namespace {

using namespace tributary;
using namespace tributary::tests;
using fuzz::require;
using fuzz::Story;

class World {
 public:
  World() : task_(world_.start_task()) {
    const std::vector<std::size_t> all{0, 1, 2, 3};
    for (const auto& gateway : world_.gateways) {
      ctx_.push_back(world_.ctx_of(task_, gateway));
      made_.push_back(world_.contribute(task_, gateway, all));
    }
  }

  void step(Story& story) {
    const auto what = story.byte() % 8;
    const std::size_t about = story.byte() % 2;
    const auto& gateway = world_.gateways[about];
    const auto& helper = world_.helper_of(gateway);
    auto& rounds = world_.coordinator().rounds;
    auto& fleet = world_.coordinator().fleet;
    switch (what) {
      case 0: {
        const auto body = story.edited(world_.keys_of(gateway));
        return judge(fleet.put_keys(gateway.id, body));
      }
      case 1:
        return judge(fleet.put_roster(gateway.id, story.edited(world_.roster_of(gateway))));
      case 2: {
        const auto body = story.edited(made_[about].sum);
        const auto result = rounds.put_sum(gateway.id, ctx_[about], body);
        if (result.index() == 0) require_signed<v1::GatewaySum>(body, made_[about].sum);
        return judge(result);
      }
      case 3: {
        const auto body = story.edited(made_[about].mask_sum);
        const auto result = rounds.put_mask_sum(helper.id, ctx_[about], body);
        if (result.index() == 0) require_signed<v1::MaskSum>(body, made_[about].mask_sum);
        return judge(result);
      }
      case 4: {
        if (open() == nullptr) return;
        const auto genuine =
            world_.refuse(task_, gateway, made_[about].survivors_hash, {gateway.devices[0]});
        const auto result = rounds.put_refusal(helper.id, ctx_[about], story.edited(genuine));
        gave_up_ = gave_up_ || result.index() == 0;
        return judge(result);
      }
      case 5: {
        if (open() == nullptr) return;
        const auto result = rounds.put_abandon(gateway.id, ctx_[about],
                                               story.edited(world_.abandon_body(task_, gateway)));
        gave_up_ = gave_up_ || result.index() == 0;
        return judge(result);
      }
      case 6: {
        const auto result =
            rounds.put_void(helper.id, story.edited(world_.void_body(task_, 1, gateway)));
        gave_up_ = gave_up_ || result.index() == 0;
        return judge(result);
      }
      default:
        // Somebody else's statement, as it is.
        return judge(rounds.put_sum(world_.gateways[1 - about].id, ctx_[about], made_[about].sum));
    }
  }

  void finish() {
    if (gave_up_ || open() == nullptr) return;
    auto& rounds = world_.coordinator().rounds;
    for (std::size_t i = 0; i < made_.size(); ++i) {
      const auto& gateway = world_.gateways[i];
      const auto sum = rounds.put_sum(gateway.id, ctx_[i], made_[i].sum);
      const auto mask =
          rounds.put_mask_sum(world_.helper_of(gateway).id, ctx_[i], made_[i].mask_sum);
      // The last one ends the round, and what comes after it is late but no fault.
      require(sum.index() == 0 && mask.index() == 0, "genuine statements are taken, also again");
    }
    const auto* next = open();
    require(next == nullptr || next->row.key.round != 1, "the round ends");
  }

 private:
  const cloud::engine::RoundRun* open() { return world_.coordinator().rounds.open_round(task_); }

  template <class Result>
  void judge(const Result& result) {
    if (const auto* declined = std::get_if<cloud::engine::Declined>(&result)) {
      require(!declined->text.empty(), "what is declined is declined in words");
    }
  }

  // Tickets are for the helpers to check, unknown fields are for nobody.
  template <class Message>
  void require_signed(const std::string& body, const std::string& genuine) {
    Message given;
    Message wanted;
    require(given.ParseFromString(body) && wanted.ParseFromString(genuine),
            "what is accepted decodes");
    for (auto* message : {&given, &wanted}) {
      message->DiscardUnknownFields();
      if constexpr (requires { message->clear_tickets(); }) message->clear_tickets();
    }
    require(given.SerializeAsString() == wanted.SerializeAsString(), "what is accepted was signed");
  }

  SiteWorld world_;
  TaskId task_;
  std::vector<Hash> ctx_;
  std::vector<Contribution> made_;
  bool gave_up_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::seed_libsodium(1);
  Story story(data, size);
  World world;
  for (int steps = 0; steps < 12 && !story.over(); ++steps) world.step(story);
  world.finish();
  return 0;
}
