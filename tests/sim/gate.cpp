#include "tests/sim/gate.hpp"

#include <fstream>

#include "device-protocol/cpp/topics.hpp"

namespace tributary::sim {
namespace {

namespace engine = gateway::engine;

constexpr Span tick_interval{250};
constexpr Span batch_wait{5};
constexpr Span reconnect_wait{500};
constexpr Span site_listening{5000};
constexpr auto broker_user = "gateway";

template <class Value>
Value numbered(std::uint8_t number) {
  Value value;
  value.bytes.fill(number);
  return value;
}

GatewayKeys keys_of(std::uint8_t number, const std::string& operated_by) {
  return {numbered<GatewayId>(number), numbered<HelperId>(static_cast<std::uint8_t>(0x80 + number)),
          operated_by};
}

}  // namespace

// An alarm that is set anew or destroyed ends the life of the event it had.
class Gate::VirtualAlarm : public gateway::uplink::Alarm {
 public:
  explicit VirtualAlarm(Timeline& timeline) : timeline_(timeline) {}
  ~VirtualAlarm() override { *life_ = false; }
  void set(Span time, std::function<void()> then) override {
    *life_ = false;
    life_ = new_life();
    timeline_.after(life_, time, std::move(then));
  }

 private:
  Timeline& timeline_;
  Life life_ = new_life();
};

Gate::Gate(Nature& nature, const Authority& authority, Broker* broker, Https& https,
           std::uint8_t number, const std::string& operated_by)
    : keys(keys_of(number, operated_by)),
      nature_(nature),
      authority_(authority),
      broker_(broker),
      https_(https),
      name_("gateway " + std::to_string(number)) {
  helper_limits.n_min = 2;
  std::filesystem::create_directories(folder() / "devices");
  for (const auto* part : {"state", "state/helper"}) {
    std::filesystem::create_directories(folder() / part);
    std::filesystem::permissions(folder() / part, std::filesystem::perms::owner_all);
  }
}

Gate::~Gate() {
  kill();
}

void Gate::enrol(const DeviceKeys& device) {
  std::ofstream(folder() / "devices" / (device.id.hex() + ".cert"), std::ios::binary)
      << authority_.certificate(device).SerializeAsString();
}

void Gate::revoke(const DeviceId& device) {
  std::filesystem::remove(folder() / "devices" / (device.hex() + ".cert"));
}

void Gate::start() {
  if (running()) return;
  nature_.note(name_ + " starts");
  run_ = std::make_unique<Run>();
  open(*run_);
  run_->site->start();
  tick();
  connect();
  run_->uplink->start();
}

void Gate::open(Run& run) {
  run.clock = {[this] { return std::chrono::floor<std::chrono::seconds>(nature_.wall()); },
               [this] {
                 return std::chrono::duration_cast<gateway::round::Instant>(nature_.timeline.now());
               }};
  const auto state = folder() / "state";
  const engine::SiteOptions options{
      name_, state, folder() / "devices", 1 << 30, 256 << 20, 32 << 20, 1 << 20, {}};
  run.site = std::make_unique<engine::Site>(authority_.gateway_identity(keys), options, ports(run),
                                            engine::Workers{submit(run), submit(run)}, run.clock,
                                            run.metrics, log_to(run));
  run.site->help(gateway::helper::HelperRole::open(
      state / "helper", authority_.helper_identity(keys), helper_limits, run.clock.wall()));
  run.uplink = std::make_unique<gateway::uplink::Uplink>(
      nature_.io, [this] { return std::make_unique<VirtualAlarm>(nature_.timeline); }, *run.site,
      run.clock, https_.client(keys.id, run.life), run.metrics, log_to(run));
  run.site->writer().on_submit([this, &run](std::size_t) {
    if (std::exchange(run.batch_due, true)) return;
    const Span disk = nature_.chance.span(nature_.weather.jitter);  // as slow as the wires
    nature_.timeline.after(run.life, batch_wait + disk, [this, &run] { write(run); });
  });
}

void Gate::kill() {
  if (!running()) return;
  nature_.note(name_ + " dies");
  *run_->life = false;
  if (broker_ != nullptr) broker_->disconnect(broker_user);
  doom_.reset();
  fuse_.reset();
  run_->site->writer().on_submit({});
  run_->uplink.reset();
  run_.reset();
}

engine::SitePorts Gate::ports(Run& run) {
  return {[this, &run](const std::string& topic, const std::string& payload) {
            speak(run, topic, payload, false);
          },
          [this, &run](const std::string& topic, const std::string& payload) {
            speak(run, topic, payload, true);
          },
          [&run] {
            if (run.uplink) run.uplink->outbox_grew();
          },
          [&run] {
            if (run.uplink) run.uplink->announcement_changed();
          },
          [this](const std::string& why) {
            broken.push_back(why);
            nature_.note(name_ + " is broken: " + why);
          }};
}

// A worker: the work is one event, what follows another.
engine::Submit Gate::submit(Run& run) {
  return [this, life = run.life](std::function<void()> work, std::function<void()> then) {
    nature_.timeline.after(life, Span(1), [this, life, work, then] {
      work();
      nature_.timeline.after(life, Span(1), then);
    });
  };
}

engine::Log Gate::log_to(Run& run) {
  return [this, &run](engine::Severity, std::string_view event, service::log::Fields fields) {
    if (!spoken(run)) return;
    log.push_back(service::log::human_line(event, fields));
    nature_.note(name_ + ": " + log.back());
  };
}

bool Gate::spoken(Run& run) {
  if (run.silent) return false;
  if (!fuse_ || (*fuse_)-- > 0) return true;
  run.silent = true;
  *run.life = false;  // nothing that it began comes back
  nature_.note(name_ + " goes silent");
  nature_.timeline.after(Span(0), [this, &run] {
    if (run_.get() == &run) kill();
  });
  return false;
}

void Gate::speak(Run& run, const std::string& topic, const std::string& payload, bool retained) {
  if (!spoken(run) || broker_ == nullptr) return;
  if (!retained) nature_.note(name_ + " -> " + topic);
  broker_->publish(broker_user, topic, payload, retained);
}

void Gate::write(Run& run) {
  run.batch_due = false;
  auto& writer = run.site->writer();
  auto batch = writer.take();
  if (batch.empty()) return;
  try {
    reached(Moment::taken);
    writer.write(batch, [this](engine::Writer::Step step) {
      if (step == engine::Writer::Step::appended) reached(Moment::appended);
      if (step == engine::Writer::Step::synced) reached(Moment::synced);
      if (step == engine::Writer::Step::committed) reached(Moment::committed);
    });
  } catch (const Killed&) {
    batch.clear();
    return kill();
  }
  writer.report(std::move(batch));
}

void Gate::reached(Moment moment) {
  if (doom_ != moment) return;
  if (spared_-- == 0) throw Killed{};
}

void Gate::connect() {
  if (broker_ == nullptr) return;
  const auto again = [this, life = run_->life] {
    nature_.timeline.after(life, reconnect_wait, [this] { connect(); });
  };
  auto& site = *run_->site;
  const bool connected = broker_->connect(
      broker_user,
      {[&site, life = run_->life](std::string_view topic, std::string_view payload, bool retained) {
         if (*life) site.message(topic, payload, retained);
       },
       [life = run_->life, again] {
         if (*life) again();
       }});
  if (!connected) return again();
  broker_->subscribe(broker_user, std::string(wire::up_filter));
  broker_->subscribe(broker_user, "tributary/v1/site/#");
  nature_.timeline.after(run_->life, site_listening,
                         [this] { broker_->unsubscribe(broker_user, "tributary/v1/site/#"); });
  site.broker_connected();
}

void Gate::tick() {
  run_->site->tick();
  nature_.timeline.after(run_->life, tick_interval, [this] { tick(); });
}

}  // namespace tributary::sim
