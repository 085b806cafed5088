// The part of Rounds that carries out what only mode pairwise asks for.
#include "gateway/engine/round_step.hpp"

namespace tributary::gateway::engine {
namespace {

std::string below(std::string topic) {
  topic.resize(topic.rfind('/') + 1);
  return topic;
}

}  // namespace

std::variant<std::shared_ptr<PairwiseRound>, std::string> Rounds::pairwise_for(
    const wire::Context& context) {
  if (!context.pairwise) return std::shared_ptr<PairwiseRound>();
  const auto group = around_.groups.find(context.pairwise->group);
  if (group == nullptr) return "its group is not one of this gateway";
  const auto slot = static_cast<std::uint32_t>(context.round);
  if (group->terms.task != context.task || !group->terms.has_slot(slot)) {
    return "its group is not for this task and slot";
  }
  if (group->roster != context.roster_hash) return "its roster is not that of its group";
  if (context.participation_threshold != UINT32_MAX) return "it does not ask every member";
  if (!around_.groups.begin(group->terms.hash, slot)) {
    return "its members' prekeys of slot " + std::to_string(slot) + " are not all here";
  }
  return std::make_shared<PairwiseRound>(PairwiseRound{group, slot, {}});
}

round::Plan Rounds::plan_for(const Admitted& admitted, const PairwiseRound* pairwise,
                             round::Instant deadline) {
  auto plan = plan_of(admitted.context, deadline);
  if (pairwise != nullptr) {
    const auto& terms = *admitted.context.pairwise;
    plan.pairwise =
        round_terms(*pairwise->group, pairwise->slot, std::chrono::seconds(terms.witness_seconds),
                    std::chrono::seconds(terms.reveal_seconds));
  }
  return plan;
}

void Rounds::show_heads(const OpenRound& round) {
  if (!round.pairwise || round.machine.closed()) return;
  const auto& [group, slot, heads] = *round.pairwise;
  for (std::uint32_t i = 0; i < heads.size(); ++i) {
    around_.retained.post(wire::head_topic(group->terms.hash, slot, i),
                          std::string(text_of(heads[i])));
  }
}

void Rounds::carry_out(OpenRound& round, round::ShowClosing& effect, Step&) {
  const auto& context = round.admitted.context;
  std::string bits((round.pairwise->group->members.size() + 7) / 8, '\0');
  for (const auto index : effect.survivors) {
    bits[index / 8] = static_cast<char>(bits[index / 8] | 1 << index % 8);
  }
  v1::Closing closing;
  closing.set_context(round.context);
  closing.set_signature(round.signature);
  closing.set_survivors(bits);
  around_.retained.post(wire::closing_topic(context.task), closing.SerializeAsString());
}

void Rounds::carry_out(OpenRound& round, round::StoreVow& effect, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  step.changes.push_back(
      [ctx_hash, vow = effect](Store& store) { store.reveals().put_vow(ctx_hash, vow); });
  step.durable.push_back(
      [this, ctx_hash, witness = effect.witness] { feed(ctx_hash, round::VowDurable{witness}); });
}

void Rounds::carry_out(OpenRound& round, round::ShowVow& effect, Step&) {
  v1::WitnessVow vow;
  *vow.mutable_witness() = round.pairwise->group->member(effect.witness);
  vow.set_signature(effect.signature.raw());
  around_.retained.post(wire::vow_topic(round.admitted.context.hash, effect.witness),
                        vow.SerializeAsString());
}

void Rounds::carry_out(OpenRound& round, round::SendShares& effect, Step&) {
  const Hash ctx_hash = round.admitted.context.hash;
  if (effect.shares.empty()) return around_.answers.shares(ctx_hash, effect, {});
  auto sealed = std::make_shared<std::vector<pairwise::SealedShare>>();
  const auto question = [sealed, pairwise = round.pairwise, effect](Store& store) {
    const auto& group = *pairwise->group;
    for (const auto& wanted : effect.shares) {
      const auto point = group.graph.share_point(wanted.owner, effect.holder);
      const auto kind =
          wanted.survived ? pairwise::ShareKind::self_seed : pairwise::ShareKind::mask_secret;
      const auto share = store.groups().share({group.terms.hash, pairwise->slot, wanted.owner},
                                              point.value() - 1U, kind);
      // Lost with its prekey: the holder will say that it does not open.
      sealed->push_back(share.value_or(pairwise::SealedShare{}));
    }
  };
  around_.writer.commit(question, [this, ctx_hash, sealed, effect] {
    around_.answers.shares(ctx_hash, effect, *sealed);
  });
}

void Rounds::carry_out(OpenRound& round, round::StoreReveal& effect, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  const round::RevealDurable event{effect.device, effect.place, effect.opened};
  step.changes.push_back([ctx_hash, reveal = std::move(effect)](Store& store) {
    store.reveals().put_reveal(ctx_hash, reveal);
  });
  step.durable.push_back([this, ctx_hash, event] { feed(ctx_hash, event); });
}

void Rounds::read_reveals(OpenRound& round, round::ComputeSum sum) {
  const Hash ctx_hash = round.admitted.context.hash;
  auto reveals = std::make_shared<std::vector<round::StoreReveal>>();
  around_.writer.commit(
      [reveals, ctx_hash](Store& store) { *reveals = store.reveals().reveals(ctx_hash); },
      [this, reveals, ctx_hash, asked = std::move(sum)] {
        OpenRound* open = find(ctx_hash);
        if (open == nullptr || open->machine.closed()) return;
        start_pairwise_sum(*open, asked, std::move(*reveals));
      });
}

void Rounds::start_pairwise_sum(OpenRound& round, const round::ComputeSum& sum,
                                std::vector<round::StoreReveal> reveals) {
  const auto& admitted = round.admitted;
  const auto* secret = around_.pair_keys.own(admitted.context.gateway_epoch);
  if (secret == nullptr) {
    return feed(round, round::SumFailed{sum.survivors_hash, "the round's epoch key has ended"});
  }
  round.adding_up = true;
  auto noise_key = std::make_shared<const privacy::NoiseKey>(privacy::noise_key(*secret));
  auto result = std::make_shared<PairwiseSum>();
  const Hash survivors_hash = sum.survivors_hash;
  around_.submit(
      [this, result, journal = round.journal, pairwise = round.pairwise, admitted, noise_key,
       job = sum, held = std::move(reveals)] {
        const auto begun = around_.clock.monotonic();
        try {
          *result = pairwise_sum(*journal, admitted, *pairwise, job.survivors_hash, job.survivors,
                                 held, *noise_key);
        } catch (const std::exception& failure) {
          result->sum.fault = failure.what();
        }
        const std::chrono::duration<double> took = around_.clock.monotonic() - begun;
        around_.metrics.sum_seconds.Increment(took.count());
      },
      [this, result, survivors_hash, ctx_hash = admitted.context.hash] {
        OpenRound* open = find(ctx_hash);
        if (open == nullptr) return;
        if (result->wrong.empty()) {
          return finish_sum(ctx_hash, survivors_hash, std::move(result->sum));
        }
        secrets_wrong(*open, survivors_hash, std::move(result->wrong));
      });
}

void Rounds::secrets_wrong(OpenRound& round, const Hash& survivors_hash,
                           std::vector<std::uint32_t> owners) {
  round.adding_up = false;
  if (round.delete_when_idle) return delete_journal(round);
  for (const auto owner : owners) {
    around_.log(Severity::warning, "secret_does_not_fit",
                {{"task", round.admitted.context.task.hex()},
                 {"round", round.admitted.context.round},
                 {"device", round.pairwise->group->members[owner].hex()},
                 {"next", "waiting for a share more of it"}});
  }
  feed(round, round::SecretsWrong{survivors_hash, std::move(owners)});
}

// The slot is burnt: what the devices left for it is of no use to anybody.
void Rounds::clear_pairwise(const OpenRound& round, Step& step) {
  if (!round.pairwise) return;
  const auto& context = round.admitted.context;
  const Hash group = round.pairwise->group->terms.hash;
  const auto slot = round.pairwise->slot;
  around_.retained.clear(wire::closing_topic(context.task));
  around_.retained.clear_below(below(wire::vow_topic(context.hash, 0)));
  around_.retained.clear_below(below(wire::head_topic(group, slot, 0)));
  around_.groups.over(group, slot);
  step.changes.push_back([group, slot](Store& store) { store.groups().end_slots(group, slot); });
}

}  // namespace tributary::gateway::engine
