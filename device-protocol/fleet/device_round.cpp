// A device's part in rounds: which offers its client sees and when, its turns, and where it vanishes.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "device-protocol/fleet/device.hpp"

namespace tributary::fleet {

using std::chrono::milliseconds;

// An offer waits on the shelf until the client is idle, has the offered model's trainer and room for
// its buffers. Only a newer round of the task in progress goes straight through.
void Device::on_offer(const BrokerMessage& message) {
  auto view = view_offer(message.payload);
  if (!view) {
    offers_.erase(message.topic);
    return deliver(message);
  }
  world_.board.seen(view->place);
  const auto& behaviour = world_.behaviour;
  if (behaviour.model != "auto" && behaviour.model != view->model) return;
  if (behaviour.synthetic != 0 && behaviour.synthetic != view->parameters) return;
  offers_[message.topic] = {message, std::move(*view)};
  consider_offers();
}

void Device::consider_offers() {
  if (!client_ || *phase_ == TRIB_PHASE_JOINING) return;
  if (*phase_ > TRIB_PHASE_IDLE) return offer_newer_round();
  while (client_ && *phase_ == TRIB_PHASE_IDLE && !offers_.empty()) {
    const auto first = offers_.begin();
    const auto fit = fit_for(first->second.view);
    if (fit == Fit::later) return;
    if (fit == Fit::now) {
      deliver_offer(first);
    } else {
      offers_.erase(first);
    }
  }
  if (client_ && *phase_ == TRIB_PHASE_IDLE) give_slot_back();
}

void Device::offer_newer_round() {
  const auto same_task = std::find_if(offers_.begin(), offers_.end(), [this](const auto& entry) {
    const auto& place = entry.second.view.place;
    return !round_ || place.gateway_and_task == round_->place.gateway_and_task;
  });
  if (same_task == offers_.end()) return;
  if (same_task->second.view.ctx_hash != ctx_hash_) return deliver_offer(same_task);
  round_ = same_task->second.view;
  offers_.erase(same_task);
}

void Device::deliver_offer(std::map<std::string, ShelvedOffer>::iterator offer) {
  const auto [message, view] = std::move(offer->second);
  offers_.erase(offer);
  offered_ = view;
  deliver(message);
}

// Later: the client will be ready with a slot, or with the new trainer once it has joined again.
Device::Fit Device::fit_for(const OfferView& offer) {
  if (slot_ == Slot::none) take_slot();
  if (slot_ != Slot::held) return Fit::later;
  if (client_->model() == offer.model && client_->parameters() == offer.parameters) return Fit::now;
  auto trainer = trainer_for(offer.model, offer.parameters);
  if (!trainer) {
    spdlog::warn("device {}: {}", identity_.device.hex(), trainer.error().text);
    return Fit::never;
  }
  storage_->keep_last_model({offer.model, offer.parameters});
  if (load_client(std::move(*trainer)) && session_up_) {
    client_->use(session_);
    client_->connected();
    after_library_call();
    wake_in(milliseconds(0));
  }
  return client_ && *phase_ == TRIB_PHASE_IDLE ? Fit::now : Fit::later;
}

Outcome<std::unique_ptr<LocalTrainer>> Device::trainer_for(const std::string& model,
                                                           std::uint32_t parameters) const {
  if (world_.behaviour.synthetic != 0) return make_synthetic_trainer(model, parameters);
  auto trainer = make_trainer(model, examples_);
  if (trainer && (*trainer)->trainer().parameters != parameters) {
    return Fault{"model " + model + " has " + std::to_string((*trainer)->trainer().parameters) +
                 " parameters, the offer says " + std::to_string(parameters)};
  }
  const auto& attack = world_.behaviour.attack;
  if (trainer && attack.devices.contains(identity_.device)) {
    return make_attacking_trainer(attack.kind, std::move(*trainer));
  }
  return trainer;
}

void Device::deliver(const BrokerMessage& message) {
  const auto before = *phase_;
  const auto status = client_->message(message);
  if (status != TRIB_OK) {
    spdlog::debug("device {}: {}: {}", identity_.device.hex(), message.topic,
                  trib_status_text(status));
  }
  count_answer(message, status, before);
  after_library_call();
  wake_in(milliseconds(0));
}

void Device::count_answer(const BrokerMessage& message, trib_status status, trib_phase before) {
  if (message.topic.ends_with("/down/receipt")) {
    const bool done = before == TRIB_PHASE_COMMITTING && client_->phase() != before;
    if (status == TRIB_OK && done) {
      ++world_.tally.receipts;
      receipted_ = ctx_hash_;
      world_.receipts.add(ctx_hash_, identity_.device);
    }
  } else if (message.topic.ends_with("/down/reject")) {
    ++world_.tally.rejects.at(reject_reason(message.payload));
  }
}

void Device::turn() {
  turn_posted_ = false;
  // A round that a reboot found in storage goes on when there is room for its buffers.
  if (!client_ || (slot_ == Slot::asked && *phase_ > TRIB_PHASE_IDLE)) return;
  const bool training = *phase_ == TRIB_PHASE_TRAINING;
  const auto begin = std::chrono::steady_clock::now();
  const auto wait = client_->turn();
  ++turns_in_phase_;
  after_library_call();
  if (!client_) return;
  if (!training || slowness_ <= 1) return wake_in(wait);
  const std::chrono::duration<double, std::milli> worked = std::chrono::steady_clock::now() - begin;
  wake_in(milliseconds(1 + static_cast<long>(worked.count() * (slowness_ - 1))));
}

void Device::wake_in(std::optional<milliseconds> wait) {
  if (!client_ || turn_posted_) return;
  turn_timer_.cancel();
  if (!wait) return;
  if (wait->count() == 0) {
    turn_posted_ = true;
    boost::asio::post(strand_, [this] { turn(); });
    return;
  }
  turn_timer_.expires_after(*wait);
  turn_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error && !turn_posted_) turn();
  });
}

void Device::after_library_call() {
  if (client_->decommissioned()) return stop();
  const auto now = client_->phase();
  const auto ctx_hash = client_->context_hash();
  if (now != *phase_) {
    set_phase(now);
    if (now == TRIB_PHASE_IDLE) boost::asio::post(strand_, [this] { consider_offers(); });
  }
  if (now <= TRIB_PHASE_IDLE) {
    const bool uploaded = receipted_ == ctx_hash_;
    if (plan_ && uploaded && plan_->due(now, turns_in_phase_) && session_) return vanish();
    ctx_hash_ = {};
    round_.reset();
    plan_.reset();
    return;
  }
  if (ctx_hash != ctx_hash_) begin_round(ctx_hash);
  if (now == TRIB_PHASE_COMMITTING && contributed_to_ != ctx_hash) {
    contributed_to_ = ctx_hash;
    ++world_.tally.contributed;
  }
  if (plan_ && plan_->due(now, turns_in_phase_) && session_) vanish();
}

void Device::begin_round(const Hash& ctx_hash) {
  ++world_.tally.rounds_begun;
  ctx_hash_ = ctx_hash;
  plan_.reset();
  round_.reset();
  if (!offered_ || offered_->ctx_hash != ctx_hash) return;
  round_ = std::move(offered_);
  offered_.reset();
  // The same draw again would cut a device that comes back within the round at the same place.
  if (ctx_hash == vanished_from_) return;
  const auto& behaviour = world_.behaviour;
  plan_ =
      draw_vanish(behaviour.dropout, behaviour.seed, identity_.device, ctx_hash, round_->length);
}

}  // namespace tributary::fleet
