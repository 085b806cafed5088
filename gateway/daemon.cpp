#include "gateway/daemon.hpp"

#include <google/protobuf/stubs/logging.h>

#include <csignal>

#include "cloud/service/exit_code.hpp"
#include "cloud/service/log.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "gateway/uplink/coordinator_clients.hpp"

namespace tributary::gateway {
namespace {

namespace log = service::log;

void write_line(engine::Severity severity, std::string_view event, log::Fields fields) {
  switch (severity) {
    case engine::Severity::debug:
      return log::debug(event, fields);
    case engine::Severity::info:
      return log::info(event, fields);
    case engine::Severity::warning:
      return log::warning(event, fields);
    case engine::Severity::error:
      return log::error(event, fields);
  }
}

engine::Clock system_clock() {
  return {[] { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); },
          [] {
            return std::chrono::duration_cast<round::Instant>(
                std::chrono::steady_clock::now().time_since_epoch());
          }};
}

void make_private_folder(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
}

// Listened to only until what an earlier life left on the broker has been seen: it would echo us.
constexpr auto site_filter = "tributary/v1/site/#";
constexpr auto config_filter = "tributary/v1/config/#";
constexpr auto settings_filter = "tributary/v1/device/+/down/settings";
constexpr std::chrono::seconds site_listening{5};

constexpr std::chrono::seconds takeover_limit{4};
constexpr std::size_t takeover_inbox = 4096;

constexpr std::uintmax_t room_to_start = std::uintmax_t{1} << 20;  // bytes, for logs and first rows

}  // namespace

Daemon::Daemon(const Config& config, Credentials credentials)
    : config_(config),
      credentials_(std::move(credentials)),
      signals_(io_, SIGTERM, SIGINT),
      backup_signal_(io_, SIGUSR1),
      listening_(io_),
      clock_(system_clock()),
      log_(write_line) {}

std::optional<std::string> Daemon::set_up() {
  // libprotobuf writes a line of its own about every string that is not UTF-8: a device could fill the disk.
  google::protobuf::SetLogHandler(nullptr);
  auto listener = service::LocalListener::open(io_, config_.local_listen, pages());
  if (auto* fault = std::get_if<std::string>(&listener)) return "local.listen: " + *fault;
  listener_ = std::move(std::get<std::unique_ptr<service::LocalListener>>(listener));
  auto clients = uplink::CoordinatorClients::make(io_.get_executor(), client_options());
  if (auto* fault = std::get_if<std::string>(&clients)) return *fault;

  make_private_folder(config_.state);
  if (!await_room()) return std::nullopt;
  if (config_.broker_enabled) {
    broker_ = std::make_unique<mqtt::BrokerSession>(
        io_,
        mqtt::BrokerOptions{config_.broker_host, config_.broker_port, "gateway",
                            std::move(credentials_.broker_psk), config_.queue_bytes},
        broker_listener());
  }
  const engine::SiteOptions options{
      config_.name,
      config_.state,
      credentials_.allow_list,
      config_.store_bytes,
      config_.rule_bytes,
      config_.queue_bytes,
      config_.credit_bytes,
      config_.limits,
      config_.outbox_bytes,
      config_.broker_enabled ? config_.credentials : std::filesystem::path{}};
  threads_ = std::make_unique<engine::SiteThreads>(io_);
  site_ = std::make_unique<engine::Site>(std::move(credentials_.identity), options, site_ports(),
                                         threads_->workers(), clock_, metrics_, log_);
  if (config_.helper_enabled && credentials_.helper) {
    make_private_folder(config_.state / "helper");
    helper::Limits limits;
    limits.n_min = config_.helper_n_min;
    auto role = helper::HelperRole::open(config_.state / "helper", std::move(*credentials_.helper),
                                         limits, clock_.wall());
    if (const auto& reason = role->epoch_reason(); !reason.empty()) {
      log::warning("helper_epoch_begun", {{"epoch", role->epoch()}, {"reason", reason}});
    }
    site_->help(std::move(role));
  }
  uplink_ = std::make_unique<uplink::Uplink>(
      io_, [this] { return std::make_unique<uplink::SteadyAlarm>(io_); }, *site_, clock_,
      uplink::CoordinatorClients::as_http(
          std::get<std::shared_ptr<uplink::CoordinatorClients>>(clients)),
      metrics_, log_);
  return std::nullopt;
}

// A database cannot even be opened on a full disk: says so in its readiness and waits. False: the program
// is to end.
bool Daemon::await_room() {
  const auto room = [this] {
    std::error_code error;
    const auto space = std::filesystem::space(config_.state, error);
    return error || space.available >= room_to_start;
  };
  if (room()) return true;
  log::error("storage_full",
             {{"folder", config_.state.string()}, {"next", "starting when there is room"}});
  while (!room()) {
    io_.run_for(std::chrono::milliseconds(500));
    if (exiting_) return false;
    io_.restart();
  }
  log::info("storage_has_room", {});
  return true;
}

int Daemon::run() {
  signals_.async_wait([this](const boost::system::error_code& error, int signal) {
    if (!error) stop("signal " + std::to_string(signal), service::exit_success);
  });
  if (const auto fault = set_up()) {
    log::error("start_failed", {{"reason", *fault}});
    return service::exit_failure;
  }
  if (exiting_) return exit_code_;
  site_->start();
  threads_->run(*site_);
  await_backup_signal();
  if (broker_) broker_->start();
  uplink_->start();
  log::info("started", {{"site", config_.name}, {"version", TRIBUTARY_VERSION}});
  io_.run();
  // In this order: nobody speaks to what is gone. The threads' end writes what is queued.
  takeovers_.clear();
  broker_.reset();
  threads_.reset();
  site_.reset();
  log::info("stopped", {{"site", config_.name}});
  return exit_code_;
}

void Daemon::stop(const std::string& why, int exit_code) {
  log::info("stopping", {{"reason", why}});
  exit_code_ = exit_code;
  exiting_ = true;
  io_.stop();
}

mqtt::BrokerListener Daemon::broker_listener() {
  return {[this](std::string_view topic, std::string_view payload, bool retained) {
            site_->message(topic, payload, retained);
          },
          [this] {
            log::info("broker_connected",
                      {{"host", config_.broker_host}, {"port", config_.broker_port}});
            broker_fault_.clear();
            broker_told_ = false;
            metrics_.broker_connected.Set(1);
            broker_->subscribe(std::string(wire::up_filter));
            broker_->subscribe(std::string(wire::set_filter));
            broker_->subscribe(std::string(wire::claim_filter));
            look_at_retained();
            site_->broker_connected();
          },
          [this](const std::string& why) {
            broker_fault_ = why;
            metrics_.broker_connected.Set(0);
            if (std::exchange(broker_told_, true)) return;
            log::warning("broker_not_connected", {{"host", config_.broker_host},
                                                  {"port", config_.broker_port},
                                                  {"reason", why},
                                                  {"next", "trying again until it answers"}});
          }};
}

void Daemon::await_backup_signal() {
  backup_signal_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    const auto target = config_.state / "backup" / "gateway.db";
    site_->back_up(target, [target](const std::string& fault) {
      if (fault.empty()) return log::info("backup_written", {{"file", target.string()}});
      log::error("backup_failed", {{"file", target.string()}, {"reason", fault}});
    });
    await_backup_signal();
  });
}

void Daemon::look_at_retained() {
  for (const auto* filter : {site_filter, config_filter, settings_filter}) {
    broker_->subscribe(filter);
  }
  listening_.expires_after(site_listening);
  listening_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    for (const auto* filter : {site_filter, config_filter, settings_filter}) {
      broker_->unsubscribe(filter);
    }
  });
}

engine::SitePorts Daemon::site_ports() {
  return {[this](std::string topic, std::string payload) {
            if (broker_) broker_->publish(std::move(topic), std::move(payload));
          },
          [this](std::string topic, std::string payload) {
            if (broker_) broker_->publish_retained(std::move(topic), std::move(payload));
          },
          [this] {
            if (uplink_) uplink_->outbox_grew();
          },
          [this] {
            if (uplink_) uplink_->announcement_changed();
          },
          [this](const std::string& why) {
            log::error("storage_failed", {{"reason", why}});
            stop("storage failed", service::exit_failure);
          },
          [this](const std::string& name, const enrolment::BrokerKey& key) {
            close_session(name, key);
          }};
}

// Mosquitto closes the session that had the name. Ours ends as soon as it is there: from a callback of its own
// it may not.
void Daemon::close_session(const std::string& name, const enrolment::BrokerKey& key) {
  Takeover takeover;
  const auto drop = [this, name] {
    boost::asio::post(io_, [this, name] { takeovers_.erase(name); });
  };
  takeover.end = std::make_unique<boost::asio::steady_timer>(io_, takeover_limit);
  takeover.end->async_wait([drop](const boost::system::error_code& error) {
    if (!error) drop();
  });
  takeover.session = std::make_unique<mqtt::BrokerSession>(
      io_,
      mqtt::BrokerOptions{config_.broker_host, config_.broker_port, name,
                          *mqtt::BrokerPsk::from(key.expose()), takeover_inbox},
      mqtt::BrokerListener{[](std::string_view, std::string_view, bool) {},
                           [name, drop] {
                             log::info("session_closed", {{"device", name}});
                             drop();
                           },
                           [](const std::string&) {}});
  takeover.session->start();
  takeovers_.insert_or_assign(name, std::move(takeover));
}

api::ClientOptions Daemon::client_options() const {
  api::ClientOptions options;
  options.url = config_.coordinator_url;
  options.ca = credentials_.tls_ca;
  options.certificate = credentials_.tls_certificate;
  options.key = credentials_.tls_key;
  return options;
}

service::Pages Daemon::pages() {
  return {{"/healthz",
           [] {
             return service::Page{200, "text/plain; charset=utf-8", "ok\n"};
           }},
          {"/readyz", [this] { return readiness(); }},
          {"/metrics", [this] {
             metrics_.databases_set_aside.Set(static_cast<double>(set_aside().size()));
             if (!broker_) return service::Page{200, "text/plain; version=0.0.4", metrics_.text()};
             metrics_.inbox_bytes.Set(static_cast<double>(broker_->inbox_bytes()));
             const auto dropped = static_cast<double>(broker_->dropped());
             metrics_.inbox_dropped.Increment(dropped - metrics_.inbox_dropped.Value());
             return service::Page{200, "text/plain; version=0.0.4", metrics_.text()};
           }}};
}

std::vector<std::filesystem::path> Daemon::set_aside() const {
  auto all = storage::set_aside_in(config_.state);
  for (auto& path : storage::set_aside_in(config_.state / "helper")) all.push_back(std::move(path));
  return all;
}

std::string Daemon::storage_fault() const {
  return site_ ? site_->storage_fault() : "no room to start";
}

// Ready: devices can upload. The coordinator may be away; what is open goes on. A helper without devices of
// its own has nothing else to do: it is ready when it reaches the coordinator.
service::Page Daemon::readiness() const {
  std::string text;
  bool ready = true;
  if (broker_ && !broker_->connected()) {
    text += "broker: " + broker_fault_ + "\n";
    ready = false;
  }
  if (const auto fault = storage_fault(); !fault.empty()) {
    text += "storage: " + fault + "; free space under " + config_.state.string() + "\n";
    ready = false;
  }
  for (const auto& aside : set_aside()) {
    text += "storage: " + aside.string() + " was corrupt; examine it, then take it away\n";
  }
  if (site_) {
    const auto& fault = site_->broker_files_fault();
    if (!fault.empty()) text += "broker files: " + fault;
    // Others get in as before; only whose file it is does not.
  }
  if (!uplink_) return {503U, "text/plain; charset=utf-8", text};
  if (!uplink_->reachable()) {
    text += "coordinator: " + uplink_->fault() + "\n";
    ready = ready && broker_ != nullptr;
  }
  if (ready) text += "ready\n";
  return {ready ? 200U : 503U, "text/plain; charset=utf-8", text};
}

}  // namespace tributary::gateway
