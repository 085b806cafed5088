#include "cloud/options.hpp"

#include "cloud/server/tls.hpp"

namespace tributary::cloud {
namespace {

namespace asio = boost::asio;

constexpr const char* prefix = "TRIBUTARY_COORDINATOR";

const std::vector<service::Option>& declared() {
  using namespace service;
  static const std::vector<Option> options{
      {"coordinator", "credentials", PathKind{}, "", true,
       "folder written by `tributary authority coordinator`"},
      {"coordinator", "state", PathKind{}, "", true, "folder of coordinator.db, created mode 0700"},
      {"gateways", "listen", AddressKind{}, "0.0.0.0:8443", false,
       "HTTPS for gateways, with client certificates"},
      {"admin", "listen", AddressKind{}, "127.0.0.1:8444", false,
       "HTTPS for the operator, with the bearer token"},
      {"local", "listen", AddressKind{}, "127.0.0.1:9100", false,
       "plain HTTP for /healthz, /readyz and /metrics"},
      {"limits", "body_bytes", NumberKind{65536, 1LL << 30}, "67108864", false,
       "largest body of sums and models"},
      {"limits", "models_kept", NumberKind{0, 1'000'000}, "100", false,
       "models of a task whose content is kept, the newest; 0: all"},
      {"limits", "rounds_kept", NumberKind{100, 10'000'000}, "10000", false,
       "rounds of a task that are kept with their release records, counted back from the newest"},
      {"helper", "enabled", FlagKind{}, "false", false,
       "help gateways from this process; needs `tributary authority coordinator --helper`"},
      {"helper", "n_min", NumberKind{2, 5000}, "3", false,
       "rounds with a lower n_min are not helped"},
      {"log", "format", ChoiceKind{{"human", "json"}}, "human", false, "log lines on stderr"},
      {"log", "level", ChoiceKind{{"debug", "info", "warning", "error"}}, "info", false,
       "least severe line written"},
  };
  return options;
}

asio::ip::tcp::endpoint endpoint_of(const service::Settings& settings, const char* section,
                                    service::Faults& faults) {
  const auto address = settings.address(section, "listen");
  boost::system::error_code error;
  const auto host =
      asio::ip::make_address(address.host == "localhost" ? "127.0.0.1" : address.host, error);
  if (error) {
    faults.push_back(std::string{section} + ".listen: '" + address.host +
                     "' is not an IP address; write for example 127.0.0.1 or 0.0.0.0");
  }
  return {host, address.port};
}

void check_credentials(const server::DaemonSettings& daemon, service::Faults& faults) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  try {
    const auto own = engine::load_identity(
        daemon.credentials, static_cast<std::uint64_t>(now.time_since_epoch().count()));
    if (daemon.helper) engine::load_helper_identity(daemon.credentials, own);
    server::load_operator_token(daemon.credentials);
    server::gateway_tls(daemon.credentials);
  } catch (const engine::CredentialFault& fault) {
    faults.emplace_back(fault.what());
  }
}

}  // namespace

std::variant<Options, service::Faults> read_options(const std::filesystem::path& file) {
  auto read = service::read_settings(file, declared(), prefix, service::environment_of_process());
  if (auto* faults = std::get_if<service::Faults>(&read)) return std::move(*faults);
  const auto& settings = std::get<service::Settings>(read);
  service::Faults faults;
  Options options;
  options.daemon.credentials = settings.path("coordinator", "credentials");
  options.daemon.state = settings.path("coordinator", "state");
  options.daemon.version = TRIBUTARY_VERSION;
  options.daemon.gateways = endpoint_of(settings, "gateways", faults);
  options.daemon.admin = endpoint_of(settings, "admin", faults);
  options.daemon.limits.body_bytes =
      static_cast<std::size_t>(settings.number("limits", "body_bytes"));
  options.daemon.models_kept = static_cast<std::uint32_t>(settings.number("limits", "models_kept"));
  options.daemon.rounds_kept = static_cast<std::uint32_t>(settings.number("limits", "rounds_kept"));
  if (settings.flag("helper", "enabled")) {
    options.daemon.helper = {options.daemon.credentials, options.daemon.state / "helper",
                             static_cast<std::uint32_t>(settings.number("helper", "n_min"))};
  }
  options.local = settings.address("local", "listen");
  options.log_format = settings.text("log", "format");
  options.log_level = settings.text("log", "level");
  check_credentials(options.daemon, faults);
  if (!faults.empty()) return faults;
  return options;
}

std::string options_reference() {
  return service::describe(declared(), prefix);
}

void make_state_folder(const Options& options) {
  const auto& folder = options.daemon.state;
  if (std::filesystem::create_directories(folder)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  }
}

}  // namespace tributary::cloud
