// tributary-coordinator: see README.md beside this file.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <boost/asio/signal_set.hpp>
#include <iostream>

#include "cloud/engine/restore.hpp"
#include "cloud/options.hpp"
#include "cloud/server/daemon.hpp"
#include "cloud/service/exit_code.hpp"
#include "cloud/service/failpoint.hpp"
#include "cloud/service/local_listener.hpp"

namespace {

namespace asio = boost::asio;
namespace engine = tributary::cloud::engine;
namespace server = tributary::cloud::server;
namespace service = tributary::service;
namespace storage = tributary::storage;

void say(engine::Severity severity, std::string_view event, service::log::Fields fields) {
  switch (severity) {
    case engine::Severity::info:
      return service::log::info(event, fields);
    case engine::Severity::warning:
      return service::log::warning(event, fields);
    case engine::Severity::error:
      return service::log::error(event, fields);
  }
}

service::Page readiness(server::Daemon& daemon) {
  const std::string fault = daemon.fault();
  std::string text = fault.empty() ? "ready\n" : fault + "\n";
  for (const auto& aside : daemon.coordinator().store.all_set_aside()) {
    text += "storage: " + aside.string() + " was corrupt; examine it, then take it away\n";
  }
  return {fault.empty() ? 200U : 503U, "text/plain; charset=utf-8", text};
}

service::Pages pages(server::Daemon& daemon) {
  return {{"/healthz",
           [] {
             return service::Page{200, "text/plain; charset=utf-8", "ok\n"};
           }},
          {"/readyz", [&daemon] { return readiness(daemon); }},
          {"/metrics", [&daemon] {
             return service::Page{200, "text/plain; version=0.0.4; charset=utf-8",
                                  daemon.metrics_page()};
           }}};
}

int fault(int code, const std::string& text) {
  std::cerr << "tributary-coordinator: " << text << '\n';
  return code;
}

// On SIGUSR1: a copy of the database under the state folder.
void await_backup(asio::signal_set& signal, server::Daemon& daemon,
                  const std::filesystem::path& target) {
  signal.async_wait([&signal, &daemon, target](const boost::system::error_code& error, int) {
    if (error) return;
    try {
      daemon.coordinator().store.back_up(target);
      service::log::info("backup_written", {{"file", target.string()}});
    } catch (const storage::Failure& failure) {
      service::log::error("backup_failed", {{"file", target.string()}, {"reason", failure.what()}});
    }
    await_backup(signal, daemon, target);
  });
}

int restore(const tributary::cloud::Options& options, const std::string& backup) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto stopped = engine::restore(options.daemon.state, backup, now);
  std::cout << (options.daemon.state / "coordinator.db").string() << ": restored; " << stopped
            << " tasks that had not ended were stopped\n";
  return service::exit_success;
}

// A structure that is whole says nothing about the values in it: those decide, and an empty database
// takes the place of one that makes no sense.
void open(std::optional<server::Daemon>& daemon, asio::io_context& context,
          const server::DaemonSettings& settings) {
  try {
    daemon.emplace(context, settings, say);
    return;
  } catch (const storage::Failure& failure) {
    if (failure.kind() != storage::FailureKind::corrupt) throw;
    service::log::error("database_damaged", {{"reason", failure.what()}});
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  tributary::cloud::store::Store(settings.state, now).begin_anew(now);
  daemon.emplace(context, settings, say);
}

int run(const tributary::cloud::Options& options) {
  asio::io_context context(1);
  std::optional<server::Daemon> daemon;
  try {
    open(daemon, context, options.daemon);
  } catch (const engine::CredentialFault& credential) {
    return fault(service::exit_configuration, credential.what());
  }
  auto opened = service::LocalListener::open(context, options.local, pages(*daemon));
  if (const auto* text = std::get_if<std::string>(&opened)) {
    return fault(service::exit_failure, *text);
  }
  auto local = std::move(std::get<std::unique_ptr<service::LocalListener>>(opened));
  asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (error) return;
    service::log::info("stopping");
    daemon->stop();
  });
  asio::signal_set backup(context, SIGUSR1);
  await_backup(backup, *daemon, options.daemon.state / "backup" / "coordinator.db");
  daemon->when_stopped([&] {
    boost::system::error_code ignored;
    signals.cancel(ignored);
    backup.cancel(ignored);
    local.reset();
  });
  daemon->start();
  service::log::info("started", {{"version", options.daemon.version},
                                 {"gateways", options.daemon.gateways.port()},
                                 {"admin", options.daemon.admin.port()}});
  context.run();
  service::log::info("stopped");
  return daemon->failed() ? service::exit_failure : service::exit_success;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Coordinates rounds over gateways and combines their masked sums.");
  std::string file;
  bool check = false;
  std::string backup;
  app.add_option("--config", file,
                 "TOML file; every key can be set as TRIBUTARY_COORDINATOR_<SECTION>_<KEY>")
      ->required();
  app.add_flag("--check-config", check, "Check configuration and credentials, then exit");
  app.add_option("--restore", backup,
                 "put this backup in place, then exit; SIGUSR1 makes a running program write one");
  app.set_version_flag("--version", TRIBUTARY_VERSION);
  app.footer(tributary::cloud::options_reference());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? service::exit_success : service::exit_configuration;
  }
  if (const auto text = service::failpoint_fault(); !text.empty()) {
    return fault(service::exit_configuration, text);
  }
  const auto read = tributary::cloud::read_options(file);
  if (const auto* faults = std::get_if<service::Faults>(&read)) {
    for (const auto& text : *faults) fault(service::exit_configuration, text);
    return service::exit_configuration;
  }
  const auto& options = std::get<tributary::cloud::Options>(read);
  if (check) {
    std::cout << file << ": ok\n";
    return service::exit_success;
  }
  service::log::set_up(options.log_format, options.log_level);
  umask(077);
  try {
    tributary::cloud::make_state_folder(options);
    if (!backup.empty()) return restore(options, backup);
    return run(options);
  } catch (const std::exception& error) {
    return fault(service::exit_failure, error.what());
  }
}
