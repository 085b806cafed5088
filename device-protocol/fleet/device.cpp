#include "device-protocol/fleet/device.hpp"

#include <spdlog/spdlog.h>

#include <bit>
#include <boost/asio/post.hpp>
#include <cstring>

namespace tributary::fleet {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

std::uint64_t stream_of(const DeviceId& device) {
  std::uint64_t stream = 0;
  std::memcpy(&stream, device.bytes.data(), sizeof stream);
  return stream;
}

}  // namespace

Device::Device(const FleetWorld& world, const FleetIdentity& identity, const BrokerAddress& broker,
               const LocalExamples& examples, std::unique_ptr<DeviceStorage> storage)
    : world_(world),
      identity_(identity),
      broker_(broker),
      examples_(examples),
      storage_(std::move(storage)),
      strand_(asio::make_strand(world.workers)),
      turn_timer_(strand_),
      life_timer_(strand_),
      chance_(world.behaviour.seed, stream_of(identity.device)) {
  if (chance_.uniform() < world.behaviour.straggler_share) {
    slowness_ = world.behaviour.straggler_factor;
  }
}

void Device::start(milliseconds delay) {
  asio::post(strand_, [this, delay] { after(delay, &Device::boot); });
}

void Device::stop() {
  asio::post(strand_, [this] {
    stopped_ = true;
    turn_timer_.cancel();
    life_timer_.cancel();
    if (client_ && session_up_) client_->leave();
    unload_client();
    if (session_) session_->close();
    drop_session();
  });
}

void Device::after(milliseconds delay, void (Device::*action)()) {
  life_timer_.expires_after(delay);
  life_timer_.async_wait([this, action](const boost::system::error_code& error) {
    if (!error && !stopped_) (this->*action)();
  });
}

void Device::boot() {
  steering_ = {};
  const auto last = storage_->last_model();
  auto trainer = last.name.empty() ? Outcome<std::unique_ptr<LocalTrainer>>(make_idle_trainer())
                                   : trainer_for(last.name, last.parameters);
  if (!load_client(trainer ? std::move(*trainer) : make_idle_trainer())) return;
  // A round that goes on needs its buffers; the device joins when there is room for them.
  if (*phase_ >= TRIB_PHASE_FETCHING) {
    ctx_hash_ = client_->context_hash();
    take_slot();
  }
  if (slot_ != Slot::asked) connect();
}

bool Device::load_client(std::unique_ptr<LocalTrainer> trainer) {
  const auto& behaviour = world_.behaviour;
  client_.reset();
  auto client = Client::start({identity_.device, *storage_, world_.tally, behaviour.true_vectors,
                               behaviour.checkpoint_steps, steering_},
                              std::move(trainer));
  if (!client) {
    spdlog::error("{}", client.error().text);
    set_phase(std::nullopt);
    return false;
  }
  client_ = std::move(*client);
  set_phase(client_->phase());
  return true;
}

void Device::unload_client() {
  client_.reset();
  set_phase(std::nullopt);
  round_.reset();
  plan_.reset();
  give_slot_back();
}

// Gone in the middle of a round, with what storage holds. Back when others see the next round, or
// after a while.
void Device::vanish() {
  spdlog::debug("device {} vanishes", identity_.device.hex());
  ++world_.tally.vanished;
  ++world_.tally.away;
  const auto round = round_;
  vanished_from_ = ctx_hash_;
  session_->abort();
  drop_session();
  turn_timer_.cancel();
  unload_client();
  offers_.clear();
  const auto absence = ++absence_;
  if (round) {
    world_.board.when_over(round->place, [this, absence] {
      asio::post(strand_, [this, absence] { reboot(absence); });
    });
  }
  const auto longest = static_cast<double>(milliseconds(world_.behaviour.away).count());
  life_timer_.expires_after(
      milliseconds(static_cast<long>(longest * (0.5 + 0.5 * chance_.uniform()))));
  life_timer_.async_wait([this, absence](const boost::system::error_code& error) {
    if (!error) reboot(absence);
  });
}

void Device::reboot(std::uint64_t absence) {
  // Both the board and the timer call; the first one counts.
  if (absence != absence_ || stopped_) return;
  ++absence_;
  --world_.tally.away;
  after(milliseconds(chance_.below(200)), &Device::boot);
}

void Device::connect() {
  const auto number = ++session_number_;
  SessionEvents events;
  events.connected = [this, number] {
    asio::post(strand_, [this, number] { on_connected(number); });
  };
  events.message = [this, number](BrokerMessage message) {
    asio::post(strand_,
               [this, number, message = std::move(message)] { on_message(number, message); });
  };
  events.closed = [this, number](const std::string& why) {
    asio::post(strand_, [this, number, why] { on_closed(number, why); });
  };
  session_ = BrokerSession::open(world_.io, world_.tls, broker_, identity_.credential,
                                 std::move(events), client_ ? client_->will() : LastWill{});
}

void Device::on_connected(std::uint64_t session) {
  if (session != session_number_ || !client_) return;
  session_up_ = true;
  failures_ = 0;
  ++world_.tally.connected;
  client_->use(session_);
  client_->connected();
  after_library_call();
  wake_in(milliseconds(0));
}

void Device::on_message(std::uint64_t session, const BrokerMessage& message) {
  if (session != session_number_ || !client_) return;
  session_->taken();
  if (message.topic.starts_with("tributary/v1/site/offer/")) {
    on_offer(message);
  } else {
    deliver(message);
  }
}

void Device::on_closed(std::uint64_t session, const std::string& why) {
  if (session != session_number_ || stopped_) return;
  drop_session();
  ++world_.tally.connection_failures;
  // Logged at 1, 2, 4, 8 .. failures in a row: a broker that is down does not fill the log.
  if (std::has_single_bit(++failures_)) {
    spdlog::warn("device {} at {}:{}: {}; trying again", identity_.device.hex(), broker_.host,
                 broker_.port, why);
  }
  const double seconds = std::min(30.0, 0.5 * static_cast<double>(1U << std::min(failures_, 6U)));
  after(milliseconds(static_cast<long>(1000 * seconds * (0.5 + chance_.uniform()))),
        &Device::connect);
}

void Device::drop_session() {
  ++session_number_;
  if (session_up_) --world_.tally.connected;
  session_up_ = false;
  session_.reset();
  if (client_) client_->use(nullptr);
  if (phase_ == TRIB_PHASE_JOINING) give_slot_back();
}

void Device::set_phase(std::optional<trib_phase> phase) {
  auto& counts = world_.tally.in_phase;
  if (phase_) --counts.at(static_cast<std::size_t>(*phase_));
  if (phase) ++counts.at(static_cast<std::size_t>(*phase));
  phase_ = phase;
  turns_in_phase_ = 0;
}

void Device::take_slot() {
  slot_ = Slot::asked;
  auto granted = [this] {
    asio::post(strand_, [this] {
      slot_ = Slot::held;
      if (!client_) return give_slot_back();
      if (!session_) return connect();
      consider_offers();
    });
  };
  world_.slots.take(std::move(granted));
}

void Device::give_slot_back() {
  if (slot_ != Slot::held) return;
  slot_ = Slot::none;
  if (client_) client_->release_buffers();
  world_.slots.give_back();
}

}  // namespace tributary::fleet
