// The coordinator as a process: one io_context thread that owns all state, a pool for masks and
// averages, two HTTPS listeners.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include "cloud/server/listener.hpp"
#include "cloud/server/metrics.hpp"

namespace tributary::cloud::server {

struct DaemonSettings {
  std::filesystem::path credentials;
  std::filesystem::path state;  // exists
  std::string version;
  boost::asio::ip::tcp::endpoint gateways;
  boost::asio::ip::tcp::endpoint admin;
  Limits limits;
  std::uint32_t models_kept = 0;                 // per task; 0: all
  std::uint32_t rounds_kept = 10'000;            // per task
  std::optional<engine::HelperSettings> helper;  // none: this coordinator helps nobody
};

// Reads operator.token.sha256; throws engine::CredentialFault.
Hash load_operator_token(const std::filesystem::path& credentials);

class Daemon {
 public:
  using Say = decltype(engine::World::say);

  // Opens the store, resumes rounds and binds the ports. Throws engine::CredentialFault,
  // storage::Failure or CannotListen.
  Daemon(boost::asio::io_context& context, DaemonSettings settings, Say say);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  void start();
  // Closes the listeners, answers those who wait, and lets the context run out of work. Also
  // happens by itself when the store fails for good.
  void stop();
  void when_stopped(std::function<void()> then) { stopped_ = std::move(then); }

  // From any thread with the context's executor held, that is: on the owner's thread.
  std::string metrics_page() { return metrics_.page(coordinator_); }
  // Empty: ready. Otherwise what is wrong and its remedy.
  std::string fault() const;
  // The store failed in a way only a restart can mend.
  bool failed() const { return failed_; }
  boost::asio::ip::tcp::endpoint gateways() const { return gateways_.local_endpoint(); }
  boost::asio::ip::tcp::endpoint admin() const { return admin_.local_endpoint(); }
  engine::Coordinator& coordinator() { return coordinator_; }

 private:
  engine::World world(Say say);
  void beat();
  void storage_failed(const storage::Failure& failure);
  void look_for_room();

  boost::asio::io_context& context_;
  DaemonSettings settings_;
  Say say_;
  boost::asio::thread_pool workers_;
  Metrics metrics_;
  engine::Coordinator coordinator_;
  Site site_;
  Front front_;
  Listener gateways_;
  Listener admin_;
  boost::asio::steady_timer heart_;
  std::function<void()> stopped_ = [] {};
  bool failed_ = false;
  std::string full_;  // why the store cannot write, until it can again
};

}  // namespace tributary::cloud::server
