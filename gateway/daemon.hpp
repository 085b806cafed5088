// The running gateway: broker, site and coordinator on one loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <map>
#include <memory>
#include <optional>

#include "cloud/api/https_client.hpp"
#include "cloud/service/local_listener.hpp"
#include "gateway/config.hpp"
#include "gateway/credentials.hpp"
#include "gateway/engine/site_threads.hpp"
#include "gateway/mqtt/broker_session.hpp"
#include "gateway/uplink/uplink.hpp"

namespace tributary::gateway {

class Daemon {
 public:
  // Throws storage::Failure when the state cannot be opened.
  Daemon(const Config& config, Credentials credentials);

  // Runs until SIGTERM or SIGINT; returns the exit code of the program.
  int run();

 private:
  std::optional<std::string> set_up();  // what prevents the start
  service::Pages pages();
  bool await_room();
  service::Page readiness() const;
  std::string storage_fault() const;
  std::vector<std::filesystem::path> set_aside() const;
  mqtt::BrokerListener broker_listener();
  void look_at_retained();
  void await_backup_signal();
  void close_session(const std::string& name, const enrolment::BrokerKey& key);
  engine::SitePorts site_ports();
  api::ClientOptions client_options() const;
  void stop(const std::string& why, int exit_code);

  const Config& config_;
  Credentials credentials_;
  boost::asio::io_context io_;
  boost::asio::signal_set signals_;
  boost::asio::signal_set backup_signal_;
  boost::asio::steady_timer listening_;
  engine::Clock clock_;
  engine::Log log_;
  Metrics metrics_;
  std::unique_ptr<service::LocalListener> listener_;
  std::unique_ptr<mqtt::BrokerSession> broker_;
  std::string broker_fault_ = "not connected yet";
  bool broker_told_ = false;
  // Under a revoked device's name, until it is connected or a few seconds have passed.
  struct Takeover {
    std::unique_ptr<mqtt::BrokerSession> session;
    std::unique_ptr<boost::asio::steady_timer> end;
  };
  std::map<std::string, Takeover> takeovers_;
  std::unique_ptr<engine::Site> site_;
  std::unique_ptr<engine::SiteThreads> threads_;  // end before the site
  std::unique_ptr<uplink::Uplink> uplink_;
  int exit_code_ = 0;
  bool exiting_ = false;
};

}  // namespace tributary::gateway
