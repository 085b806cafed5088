// The half of Rounds that carries out effects.
#include "cloud/service/failpoint.hpp"
#include "gateway/engine/round_step.hpp"
#include "gateway/engine/statement.hpp"

namespace tributary::gateway::engine {

void Rounds::feed(const Hash& ctx_hash, const round::Event& event) {
  if (OpenRound* round = find(ctx_hash)) feed(*round, event);
}

void Rounds::feed(OpenRound& round, const round::Event& event) {
  carry_out(round, round.machine.on(event, around_.clock.monotonic()));
}

void Rounds::carry_out(OpenRound& round, round::Effects effects) {
  Step step;
  for (auto& effect : effects) {
    std::visit([&](auto& known) { carry_out(round, known, step); }, effect);
  }
  commit(std::move(step));
}

void Rounds::commit(Step step) {
  if (step.changes.empty()) return;
  around_.writer.commit(
      [changes = std::move(step.changes)](Store& store) {
        for (const auto& change : changes) change(store);
      },
      [durable = std::move(step.durable)] {
        for (const auto& then : durable) then();
      });
}

void Rounds::carry_out(OpenRound& round, round::GrantCredit& effect, Step&) {
  around_.answers.credit(round.admitted.context.hash, effect);
}

void Rounds::carry_out(OpenRound& round, round::SendReceipt& effect, Step&) {
  const crypto::PairKey* key = pair_key(round, effect.device);
  if (key == nullptr) return;  // its epoch is over: the device has left this round
  service::reach(service::Failpoint::before_receipt);
  around_.answers.receipt(round.admitted.context.hash, effect,
                          crypto::receipt_mac(*key, round.admitted.context.hash, effect.device,
                                              effect.nonce, effect.digest));
}

void Rounds::carry_out(OpenRound& round, round::SendReject& effect, Step&) {
  around_.answers.reject(effect.device, &round.admitted.context.hash, &effect.nonce, effect.reason,
                         effect.retry_after_seconds);
}

void Rounds::carry_out(OpenRound& round, round::StoreContribution& effect, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  const DeviceId device = effect.contribution.device;
  step.changes.push_back([ctx_hash, held = std::move(effect.contribution)](Store& store) {
    store.put_contribution(ctx_hash, held);
  });
  step.durable.push_back([this, ctx_hash, device] {
    around_.metrics.contributions.Increment();
    around_.schedule.contributed(ctx_hash, device);
    feed(ctx_hash, round::ContributionDurable{device});
  });
}

void Rounds::carry_out(OpenRound& round, round::ForgetContribution& effect, Step& step) {
  step.changes.push_back([ctx_hash = round.admitted.context.hash, device = effect.device](
                             Store& store) { store.forget_contribution(ctx_hash, device); });
}

void Rounds::carry_out(OpenRound& round, round::FixSurvivors& effect, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  around_.log(Severity::info, "round_closed",
              {{"task", round.admitted.context.task.hex()},
               {"round", round.admitted.context.round},
               {"survivors", effect.devices.size()},
               {"expected", round.machine.expected()}});
  step.changes.push_back([ctx_hash, devices = std::move(effect.devices)](Store& store) {
    store.fix_survivors(ctx_hash, devices);
  });
  step.durable.push_back([this, ctx_hash, hash = effect.survivors_hash] {
    service::reach(service::Failpoint::survivors_durable);
    feed(ctx_hash, round::SurvivorsDurable{hash});
  });
}

void Rounds::carry_out(OpenRound& round, round::ComputeSum& effect, Step&) {
  if (round.pairwise) return read_reveals(round, std::move(effect));
  if (round.adding_up) {
    round.next_sum = std::move(effect);
  } else {
    start_sum(round, std::move(effect));
  }
}

// Nothing is appended to the journal any more: the worker has it to itself.
void Rounds::start_sum(OpenRound& round, round::ComputeSum sum) {
  const auto& admitted = round.admitted;
  const auto* secret = around_.pair_keys.own(admitted.context.gateway_epoch);
  if (secret == nullptr) {
    const round::SumFailed failed{sum.survivors_hash, "the round's epoch key has ended"};
    around_.submit([] {},
                   [this, ctx_hash = admitted.context.hash, failed] { feed(ctx_hash, failed); });
    return;
  }
  round.adding_up = true;
  auto noise_key = std::make_shared<const privacy::NoiseKey>(privacy::noise_key(*secret));
  auto result = std::make_shared<SiteSum>();
  const Hash survivors_hash = sum.survivors_hash;
  around_.submit(
      [this, result, journal = round.journal, admitted, noise_key, job = std::move(sum)] {
        const auto begun = around_.clock.monotonic();
        try {
          *result = site_sum(*journal, admitted, job.survivors_hash, job.survivors, *noise_key);
        } catch (const std::exception& failure) {
          result->fault = failure.what();
        }
        const std::chrono::duration<double> took = around_.clock.monotonic() - begun;
        around_.metrics.sum_seconds.Increment(took.count());
      },
      [this, result, survivors_hash, ctx_hash = admitted.context.hash] {
        finish_sum(ctx_hash, survivors_hash, std::move(*result));
      });
}

void Rounds::finish_sum(const Hash& ctx_hash, const Hash& survivors_hash, SiteSum sum) {
  OpenRound* round = find(ctx_hash);
  if (round == nullptr) return;
  round->adding_up = false;
  if (round->delete_when_idle) return delete_journal(*round);
  for (const auto& device : sum.left_out) {
    around_.log(Severity::warning, "device_left_out",
                {{"task", round->admitted.context.task.hex()},
                 {"round", round->admitted.context.round},
                 {"device", device.hex()},
                 {"rule", robust::name_of(round->admitted.context.aggregation.kind)}});
  }
  if (sum.fault.empty()) {
    service::reach(service::Failpoint::sum_made);
    feed(*round, round::SumReady{survivors_hash, std::move(sum.words)});
  } else {
    around_.log(Severity::error, "sum_failed",
                {{"context", ctx_hash.hex()}, {"reason", sum.fault}});
    feed(*round, round::SumFailed{survivors_hash, std::move(sum.fault)});
  }
  if (round->next_sum && !round->adding_up && !round->machine.closed()) {
    auto next = std::move(*round->next_sum);
    round->next_sum.reset();
    start_sum(*round, std::move(next));
  }
}

void Rounds::put(Step& step, Forward forward) {
  step.changes.push_back([message = std::move(forward), at = around_.clock.wall()](Store& store) {
    store.outbox().put(message.key, message.path, view_of(message.body), at);
  });
  step.durable.push_back([this] { around_.outbox_grew(); });
}

void Rounds::carry_out(OpenRound& round, round::SubmitSum& effect, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  put(step, forward_sum(ctx_hash, effect.survivors_hash,
                        gateway_sum(around_.identity, ctx_hash,
                                    round.admitted.context.helpers.size(), effect)));
  step.changes.push_back([ctx_hash](Store& store) { store.mark_submitted(ctx_hash); });
  around_.metrics.rounds("submitted").Increment();
}

void Rounds::carry_out(OpenRound& round, round::Abandon& effect, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  put(step, forward_abandon(ctx_hash, gateway_abandon(around_.identity, ctx_hash, effect)));
  around_.metrics.rounds("abandoned").Increment();
  around_.log(Severity::warning, "round_abandoned",
              {{"task", round.admitted.context.task.hex()},
               {"round", round.admitted.context.round},
               {"contributions", effect.count},
               {"reason", effect.reason}});
}

void Rounds::carry_out(OpenRound& round, round::RetireOffer&, Step&) {
  around_.board.retire(round.admitted.context.hash);
  around_.schedule.closed(round.admitted.context.hash,
                          round.machine.contributions() >= round.machine.plan().n_target);
}

void Rounds::carry_out(OpenRound& round, round::DeleteUpdates&, Step& step) {
  const Hash ctx_hash = round.admitted.context.hash;
  remember_ended(ctx_hash);
  step.changes.push_back([ctx_hash](Store& store) { store.close_round(ctx_hash); });
  clear_pairwise(round, step);
  step.durable.push_back([this, ctx_hash] {
    OpenRound* ended = find(ctx_hash);
    if (ended == nullptr) return;
    if (ended->adding_up) {
      ended->delete_when_idle = true;
    } else {
      delete_journal(*ended);
    }
  });
}

void Rounds::delete_journal(OpenRound& round) {
  if (round.journal == nullptr) return;
  round.journal_bytes = 0;
  round.model.reset();
  around_.writer.afterwards(
      [journal = std::exchange(round.journal, nullptr)] { journal->remove(); });
}

}  // namespace tributary::gateway::engine
