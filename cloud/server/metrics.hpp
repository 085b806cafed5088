// The coordinator's metrics in Prometheus text.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "cloud/engine/coordinator.hpp"
#include "cloud/server/call.hpp"

namespace tributary::cloud::server {

// Of the owner's thread.
class Metrics final : public engine::Observer {
 public:
  Metrics();

  void round_released(std::uint32_t survivors, std::uint64_t masks_removed,
                      double seconds) override;
  void round_abandoned() override;
  void part_combined(double seconds, bool burnt) override;
  void request_answered(Plane plane, std::string_view route, unsigned status);
  void crowded_out(Plane plane);

  // The page of /metrics; reads the gauges from the coordinator.
  std::string page(engine::Coordinator& coordinator);

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& rounds_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& crowded_out_;
  prometheus::Counter& survivors_;
  prometheus::Counter& masks_;
  prometheus::Counter& burnt_;
  prometheus::Histogram& round_seconds_;
  prometheus::Histogram& combine_seconds_;
  prometheus::Family<prometheus::Gauge>& gateways_;
  prometheus::Gauge& open_rounds_;
  prometheus::Gauge& database_bytes_;
  prometheus::Gauge& set_aside_;
};

}  // namespace tributary::cloud::server
