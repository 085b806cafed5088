#include "device-protocol/fleet/fleet.hpp"

#include <sodium.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <thread>

#include "device-protocol/fleet/fleet_report.hpp"

namespace tributary::fleet {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// One connection each, and some files.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

Outcome<PartitionedExamples> load_share(const FleetOptions& options, std::size_t devices) {
  const auto spec = parse_partition(options.partition);
  if (!spec) return spec.error();
  const auto data = load_dataset(options.data, options.data_dir);
  if (!data) return data.error();
  const auto rows = partition_rows(*data, *spec, devices, options.behaviour.seed);
  if (!rows) return rows.error();
  return PartitionedExamples(*data, *rows);
}

// The running fleet: what its parts share, in the order they have to end.
class Running {
 public:
  Running(const FleetOptions& options, std::vector<FleetIdentity> identities, BrokerMap brokers,
          PartitionedExamples examples)
      : options_(options),
        identities_(std::move(identities)),
        brokers_(std::move(brokers)),
        examples_(std::move(examples)),
        workers_(options.workers),
        slots_(options.concurrency),
        receipts_(options_.behaviour.receipts),
        world_{io_, workers_, tls_, slots_, board_, tally_, receipts_, options_.behaviour} {}

  Outcome<void> make_devices();
  void run();

 private:
  Outcome<std::unique_ptr<DeviceStorage>> storage_of(const FleetIdentity& identity) const;
  void stop();
  void status();
  void print() const;
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  }

  const FleetOptions& options_;
  const std::vector<FleetIdentity> identities_;
  const BrokerMap brokers_;
  const PartitionedExamples examples_;
  asio::io_context io_{1};
  asio::thread_pool workers_;
  asio::ssl::context tls_ = make_psk_context();
  WorkSlots slots_;
  RoundBoard board_;
  Tally tally_;
  ReceiptLog receipts_;
  const FleetWorld world_;
  std::vector<std::unique_ptr<Device>> devices_;
  asio::signal_set signals_{io_, SIGTERM, SIGINT};
  asio::steady_timer status_timer_{io_};
  asio::steady_timer end_timer_{io_};
  bool stopping_ = false;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

Outcome<std::unique_ptr<DeviceStorage>> Running::storage_of(const FleetIdentity& identity) const {
  if (options_.state.empty()) return make_volatile_storage(identity.record);
  const auto folder = options_.state / identity.device.hex();
  auto storage = make_file_storage(identity.record, folder);
  if (!storage) return Fault{folder.string() + ": cannot be made or written; see --state"};
  return storage;
}

Outcome<void> Running::make_devices() {
  for (std::size_t i = 0; i < identities_.size(); ++i) {
    const auto& identity = identities_[i];
    const auto* broker = brokers_.find(identity.gateway);
    if (broker == nullptr) {
      return Fault{"no broker for gateway " + identity.gateway.hex() + " of device " +
                   identity.device.hex() + "; give --broker " + identity.gateway.hex() +
                   "=HOST:PORT"};
    }
    auto storage = storage_of(identity);
    if (!storage) return storage.error();
    const auto share = examples_.devices() > 0 ? examples_.of(i) : LocalExamples{};
    devices_.push_back(
        std::make_unique<Device>(world_, identity, *broker, share, std::move(*storage)));
  }
  return {};
}

void Running::run() {
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (!error) stop();
  });
  if (options_.stop_after) {
    end_timer_.expires_after(*options_.stop_after);
    end_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) stop();
    });
  }
  status();
  // A listening socket's queue is short: the connections come one after the other.
  for (std::size_t i = 0; i < devices_.size(); ++i) devices_[i]->start(milliseconds(3 * i));
  io_.run();
  workers_.join();
  print();
}

// The devices' goodbyes go out, then the rest is cut: after a second nothing keeps the process.
void Running::stop() {
  if (stopping_) return;
  stopping_ = true;
  signals_.cancel();
  status_timer_.cancel();
  for (const auto& device : devices_) device->stop();
  end_timer_.expires_after(std::chrono::seconds(1));
  end_timer_.async_wait([this](const boost::system::error_code&) {
    workers_.stop();
    io_.stop();
  });
}

void Running::status() {
  if (options_.status_every.count() == 0) return;
  status_timer_.expires_after(options_.status_every);
  status_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    print();
    status();
  });
}

void Running::print() const {
  if (options_.json) {
    std::cout << boost::json::serialize(report_json(tally_, devices_.size(), seconds()))
              << std::endl;
  } else {
    std::cout << report_line(tally_, devices_.size(), seconds()) << std::endl;
  }
}

}  // namespace

Outcome<void> run_fleet(const FleetOptions& options) {
  if (sodium_init() < 0) return Fault{"libsodium cannot be initialised"};
  raise_descriptor_limit();
  auto identities = load_identities(options.devices_dir);
  if (!identities) return identities.error();
  auto brokers = BrokerMap::parse(options.brokers, options.devices_dir);
  if (!brokers) return brokers.error();
  PartitionedExamples examples;
  if (options.behaviour.synthetic == 0) {
    auto share = load_share(options, identities->size());
    if (!share) return share.error();
    examples = std::move(*share);
  }
  FleetOptions planned = options;
  if (!options.attack.empty()) {
    auto attack = plan_attack(options.attack, options.attackers, *identities);
    if (!attack) return attack.error();
    planned.behaviour.attack = std::move(*attack);
  }
  Running running(planned, std::move(*identities), std::move(*brokers), std::move(examples));
  if (auto made = running.make_devices(); !made) return made;
  running.run();
  return {};
}

}  // namespace tributary::fleet
