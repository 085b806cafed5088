#include "cloud/server/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

namespace tributary::cloud::server {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;
using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

Counter& counter(Registry& registry, const char* name, const char* help) {
  return BuildCounter().Name(name).Help(help).Register(registry).Add({});
}
Gauge& gauge(Registry& registry, const char* name, const char* help) {
  return BuildGauge().Name(name).Help(help).Register(registry).Add({});
}
Histogram& histogram(Registry& registry, const char* name, const char* help,
                     const Histogram::BucketBoundaries& buckets) {
  return BuildHistogram().Name(name).Help(help).Register(registry).Add({}, buckets);
}

std::string name_of(Plane plane) {
  return plane == Plane::gateway ? "gateway" : "admin";
}

}  // namespace

Metrics::Metrics()
    : rounds_(BuildCounter()
                  .Name("tributary_rounds_total")
                  .Help("Rounds ended, by outcome.")
                  .Register(registry_)),
      requests_(BuildCounter()
                    .Name("tributary_http_requests_total")
                    .Help("Requests answered, by plane, route and status.")
                    .Register(registry_)),
      crowded_out_(BuildCounter()
                       .Name("tributary_connections_crowded_out_total")
                       .Help("Connections closed for want of room, by plane.")
                       .Register(registry_)),
      survivors_(counter(registry_, "tributary_survivors_total",
                         "Device contributions in released rounds.")),
      masks_(counter(registry_, "tributary_masks_removed_total", "Masks taken off released sums.")),
      burnt_(counter(registry_, "tributary_sums_burnt_total",
                     "Gateway sums that failed a combiner check.")),
      round_seconds_(histogram(registry_, "tributary_round_seconds",
                               "Time of released rounds from opening to release.",
                               {1, 3, 10, 30, 100, 300, 1000, 3000, 10000})),
      combine_seconds_(histogram(registry_, "tributary_combine_seconds",
                                 "Time to remove the masks of one gateway's sum and check it.",
                                 {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3})),
      gateways_(BuildGauge()
                    .Name("tributary_gateways")
                    .Help("Gateways known, by whether they have been heard lately.")
                    .Register(registry_)),
      open_rounds_(gauge(registry_, "tributary_open_rounds", "Rounds open now.")),
      database_bytes_(gauge(registry_, "tributary_database_bytes",
                            "Size of the database on disk, log included.")),
      set_aside_(gauge(registry_, "tributary_databases_set_aside",
                       "Corrupt databases that were set aside and are still there.")) {
  rounds_.Add({{"outcome", "released"}});
  rounds_.Add({{"outcome", "abandoned"}});
}

void Metrics::round_released(std::uint32_t survivors, std::uint64_t masks_removed, double seconds) {
  rounds_.Add({{"outcome", "released"}}).Increment();
  survivors_.Increment(survivors);
  masks_.Increment(static_cast<double>(masks_removed));
  round_seconds_.Observe(seconds);
}

void Metrics::round_abandoned() {
  rounds_.Add({{"outcome", "abandoned"}}).Increment();
}

void Metrics::part_combined(double seconds, bool burnt) {
  combine_seconds_.Observe(seconds);
  if (burnt) burnt_.Increment();
}

void Metrics::crowded_out(Plane plane) {
  crowded_out_.Add({{"plane", name_of(plane)}}).Increment();
}

void Metrics::request_answered(Plane plane, std::string_view route, unsigned status) {
  requests_
      .Add({{"plane", name_of(plane)},
            {"route", std::string{route}},
            {"status", std::to_string(status)}})
      .Increment();
}

std::string Metrics::page(engine::Coordinator& coordinator) {
  const auto& members = coordinator.fleet.members();
  const auto down = std::ranges::count_if(
      members, [&](const auto& entry) { return coordinator.fleet.is_down(entry.first); });
  gateways_.Add({{"state", "down"}}).Set(static_cast<double>(down));
  gateways_.Add({{"state", "up"}})
      .Set(static_cast<double>(members.size()) - static_cast<double>(down));
  open_rounds_.Set(static_cast<double>(coordinator.rounds.runs().size()));
  database_bytes_.Set(static_cast<double>(coordinator.store.bytes()));
  set_aside_.Set(static_cast<double>(coordinator.store.all_set_aside().size()));
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace tributary::cloud::server
