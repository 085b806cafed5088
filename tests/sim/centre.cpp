#include "tests/sim/centre.hpp"

#include <boost/url/parse.hpp>
#include <cstring>

namespace tributary::sim {
namespace {

constexpr Span heartbeat{250};
constexpr Span restart_wait{500};

}  // namespace

Centre::Centre(Nature& nature, const Authority& authority)
    : nature_(nature), authority_(authority) {
  start();
}

Centre::~Centre() {
  *life_ = false;
}

void Centre::start() {
  if (running()) return;
  before_start();
  life_ = new_life();
  ++lives_;
  nature_.note("coordinator starts");
  try {
    engine_ = std::make_unique<cloud::engine::Coordinator>(
        folder_.path(), authority_.coordinator_identity(), world(), *this,
        "life" + std::to_string(lives_));
  } catch (const Killed&) {
    nature_.note("coordinator dies while it starts");
    *life_ = false;
    fuse_.reset();
    return nature_.timeline.after(restart_wait, [this] { start(); });
  }
  engine_->revisions.listen([this](const GatewayId& gateway) { wake(gateway); });
  nature_.timeline.after(life_, Span(1), [this] { beat(); });
}

void Centre::kill() {
  if (!running()) return;
  nature_.note("coordinator dies");
  *life_ = false;
  fuse_.reset();
  room_.clear();
  engine_.reset();
  on_end();
}

cloud::engine::World Centre::world() {
  cloud::engine::World world;
  world.now = [this] { return nature_.wall(); };
  world.draw_beacon = [] {
    Hash beacon;
    crypto::fill_random(beacon.bytes);
    return beacon;
  };
  world.new_task_id = [this] {
    TaskId id;
    id.bytes.fill(++tasks_);
    return id;
  };
  world.submit = [this](std::function<void()> work, std::function<void()> then) {
    burn();
    nature_.timeline.after(life_, Span(1), [this, work, then] {
      work();
      nature_.timeline.after(life_, Span(1), [this, then] { guarded(then); });
    });
  };
  world.say = [this](cloud::engine::Severity, std::string_view event, service::log::Fields fields) {
    burn();
    log.push_back(service::log::human_line(event, fields));
    nature_.note("coordinator: " + log.back());
  };
  return world;
}

void Centre::burn() {
  if (fuse_ && (*fuse_)-- == 0) throw Killed{};
}

void Centre::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const Killed&) {
    kill();
  }
}

void Centre::beat() {
  guarded([this] { engine_->tick(); });
  nature_.timeline.after(life_, heartbeat, [this] { beat(); });
}

void Centre::ask(const GatewayId& gateway, const std::string& method, const std::string& target,
                 const std::string& body, std::function<void(cloud::server::Answer)> reply) {
  namespace server = cloud::server;
  const auto url = boost::urls::parse_origin_form(target).value();
  const auto matched = server::match(server::Plane::gateway,
                                     method == "PUT" ? server::Method::put : server::Method::get,
                                     std::string(url.encoded_path()));
  const auto* match = std::get_if<server::Match>(&matched);
  if (match == nullptr) return reply({404, {}, {}});
  auto waiting = std::make_shared<Waiting>();
  waiting->route = match->route;
  waiting->call.captures = match->captures;
  for (const auto& parameter : url.params()) {
    waiting->call.query.emplace(parameter.key, parameter.value);
  }
  waiting->call.body = body;
  waiting->call.gateway = gateway;
  waiting->reply = std::move(reply);
  guarded([this, waiting] { carry_out(waiting); });
}

void Centre::carry_out(std::shared_ptr<Waiting> waiting) {
  namespace server = cloud::server;
  server::Site site{*engine_, "sim", {}};
  auto reply =
      server::answer(site, *waiting->route, waiting->call, [this](const storage::Failure& failure) {
        nature_.note(std::string("coordinator's disk: ") + failure.what());
      });
  if (auto* answer = std::get_if<server::Answer>(&reply)) return waiting->reply(std::move(*answer));
  const auto longest = std::get<server::Pause>(reply).longest;
  room_.emplace(waiting->call.gateway, waiting);
  nature_.timeline.after(life_, longest, [this, waiting] {
    std::erase_if(room_, [&](const auto& seat) { return seat.second == waiting; });
    if (std::exchange(waiting->call.waited, true)) return;
    guarded([this, waiting] { carry_out(waiting); });
  });
}

void Centre::wake(const GatewayId& gateway) {
  const auto [first, last] = room_.equal_range(gateway);
  std::vector<std::shared_ptr<Waiting>> woken;
  for (auto seat = first; seat != last; ++seat) woken.push_back(seat->second);
  room_.erase(first, last);
  for (const auto& waiting : woken) {
    nature_.timeline.after(life_, Span(0), [this, waiting] {
      if (std::exchange(waiting->call.waited, true)) return;
      guarded([this, waiting] { carry_out(waiting); });
    });
  }
}

Hash Centre::import_model(std::uint32_t parameters) {
  const std::vector<float> zeros(parameters, 0);
  const ByteView bytes{reinterpret_cast<const std::uint8_t*>(zeros.data()), zeros.size() * 4};
  cloud::store::ModelRow row;
  row.hash = cloud::round::model_hash(bytes);
  row.name = "initial";
  row.architecture = "one-hot";
  row.parameters = parameters;
  row.created_at = nature_.wall();
  engine_->store.models.put(row, bytes);
  return row.hash;
}

TaskId Centre::create_task(const std::string& spec) {
  auto created = engine_->board.create(spec);
  if (auto* faults = std::get_if<cloud::engine::TaskBoard::Faults>(&created)) {
    std::string text = spec + ":";
    for (const auto& fault : faults->list) text += " " + fault.member + " " + fault.text + ";";
    throw std::runtime_error(text);
  }
  return std::get<TaskId>(created);
}

}  // namespace tributary::sim
