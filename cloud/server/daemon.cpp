#include "cloud/server/daemon.hpp"

#include <google/protobuf/stubs/logging.h>

#include <sys/resource.h>

#include <boost/asio/post.hpp>
#include <fstream>
#include <thread>

#include "cloud/server/tls.hpp"
#include "crypto/secret.hpp"

namespace tributary::cloud::server {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds heartbeat{250};
constexpr std::uintmax_t room_needed = std::uintmax_t{4} << 20;
constexpr std::chrono::seconds last_words{2};  // for requests that are being answered at the end

TaskId random_task_id() {
  TaskId id;
  crypto::fill_random(id.bytes);
  return id;
}

Hash random_beacon() {
  Hash beacon;
  crypto::fill_random(beacon.bytes);
  return beacon;
}

std::string random_life() {
  std::array<std::uint8_t, 8> bytes{};
  crypto::fill_random(bytes);
  return to_hex(bytes);
}

std::uint64_t unix_seconds() {
  return static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now())
          .time_since_epoch()
          .count());
}

// As many as the system allows; what it does not allow stays as it was.
std::uint64_t most_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  return ::setrlimit(RLIMIT_NOFILE, &raised) == 0 ? limit.rlim_max : limit.rlim_cur;
}

}  // namespace

Hash load_operator_token(const std::filesystem::path& credentials) {
  const auto path = credentials / "operator.token.sha256";
  std::ifstream file(path);
  std::string text;
  file >> text;
  const auto hash = Hash::from_hex(text);
  if (!hash) {
    throw engine::CredentialFault(path.string() +
                                  ": does not hold the SHA-256 of the operator's token in hex; "
                                  "`tributary authority coordinator` writes it");
  }
  return *hash;
}

Daemon::Daemon(asio::io_context& context, DaemonSettings settings, Say say)
    : context_(context),
      settings_(std::move(settings)),
      say_(std::move(say)),
      workers_(std::max(1U, std::thread::hardware_concurrency())),
      coordinator_(settings_.state, engine::load_identity(settings_.credentials, unix_seconds()),
                   world(say_), metrics_, random_life()),
      site_{coordinator_, settings_.version, coordinator_.world.now()},
      front_{site_, load_operator_token(settings_.credentials),
             fitted(settings_.limits, most_descriptors())},
      gateways_(context, settings_.gateways, Plane::gateway, gateway_tls(settings_.credentials),
                front_),
      admin_(context, settings_.admin, Plane::admin, admin_tls(settings_.credentials), front_),
      heart_(context) {
  // libprotobuf writes a line of its own about every string that is not UTF-8: a gateway could fill the disk.
  google::protobuf::SetLogHandler(nullptr);
  if (settings_.helper) coordinator_.help(*settings_.helper);
  front_.deserted = [this] { heart_.cancel(); };
  front_.failed = [this](const storage::Failure& failure) { storage_failed(failure); };
  front_.answered = [this](Plane plane, std::string_view route, unsigned status) {
    metrics_.request_answered(plane, route, status);
  };
  front_.crowded_out = [this](Plane plane) { metrics_.crowded_out(plane); };
  coordinator_.revisions.listen([this](const GatewayId& gateway) { front_.room.wake(gateway); });
  coordinator_.store.models.keep_newest(settings_.models_kept);
  coordinator_.store.old.keep_rounds(settings_.rounds_kept);
  if (!coordinator_.store.set_aside().empty()) {
    say_(engine::Severity::error, "database_set_aside",
         {{"kept_as", coordinator_.store.set_aside().string()},
          {"reason", "it was corrupt; an empty one took its place"}});
  }
}

Daemon::~Daemon() {
  workers_.join();
}

engine::World Daemon::world(Say say) {
  engine::World world;
  world.now = [] {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  };
  world.new_task_id = random_task_id;
  world.draw_beacon = random_beacon;
  world.submit = [this](std::function<void()> work, std::function<void()> then) {
    asio::post(workers_, [this, work = std::move(work), then = std::move(then)]() mutable {
      work();
      asio::post(context_, [this, then = std::move(then)] {
        try {
          then();
        } catch (const storage::Failure& failure) {
          storage_failed(failure);
        }
      });
    });
  };
  world.say = std::move(say);
  return world;
}

void Daemon::start() {
  gateways_.start();
  admin_.start();
  beat();
}

void Daemon::beat() {
  if (front_.stopping) return;
  try {
    look_for_room();
    coordinator_.tick();
  } catch (const storage::Failure& failure) {
    storage_failed(failure);
  }
  heart_.expires_after(heartbeat);
  heart_.async_wait([this](const boost::system::error_code& error) {
    if (!error) beat();
  });
}

// A disk with so little room is full for the next sum.
std::string Daemon::fault() const {
  if (front_.stopping || failed_) return "stopping";
  std::error_code error;
  const auto space = std::filesystem::space(settings_.state, error);
  std::string why = full_;
  if (why.empty() && !error && space.available < room_needed) why = "no room for sums and models";
  if (why.empty()) return {};
  return "storage: " + why + "; free space under " + settings_.state.string();
}

void Daemon::look_for_room() {
  if (full_.empty()) return;
  coordinator_.store.probe();
  full_.clear();
  say_(engine::Severity::info, "storage_has_room", {});
}

void Daemon::stop() {
  if (front_.stopping) return;
  front_.stopping = true;
  stopped_();
  gateways_.stop();
  admin_.stop();
  front_.room.wake_all();
  heart_.cancel();
  if (front_.connections.empty()) return;
  front_.connections.close_all(false);
  heart_.expires_after(last_words);
  heart_.async_wait([this](const boost::system::error_code& deserted) {
    if (!deserted) front_.connections.close_all(true);
  });
}

void Daemon::storage_failed(const storage::Failure& failure) {
  const bool full = failure.kind() == storage::FailureKind::full;
  if (!full || full_.empty()) {
    say_(engine::Severity::error, "storage_failed", {{"reason", failure.what()}});
  }
  if (full) full_ = failure.what();
  // What was not synced is unknown now, and only opening the file again tells.
  if (failure.kind() == storage::FailureKind::io ||
      failure.kind() == storage::FailureKind::corrupt) {
    failed_ = true;
    stop();
  }
}

}  // namespace tributary::cloud::server
