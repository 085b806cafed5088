// What the gateway counts, served at /metrics. Names begin with tributary_gateway_.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <string>

#include "tributary.pb.h"

namespace tributary::gateway {

class Metrics {
 public:
  Metrics();

  // Label values: `malformed`, `late` .. for REJECT_MALFORMED, REJECT_LATE ..
  static std::string name_of(v1::RejectReason reason);
  prometheus::Counter& rejects(v1::RejectReason reason);
  prometheus::Counter& rounds(
      const std::string& outcome);  // opened, submitted, released, abandoned
  prometheus::Counter& selection(const std::string& reason);  // devices in choices, by reason
  prometheus::Counter& quarantines(v1::RejectReason reason);  // by what filled the measure
  prometheus::Counter& messages(
      const std::string& kind);  // of devices: hello, control, chunk, prekey
  prometheus::Counter& forwarded(const std::string& outcome);  // outbox: delivered, refused, failed
  prometheus::Gauge& open_rounds(const std::string& phase);    // collecting .. submitted

  // The text format of Prometheus.
  std::string text() const;

 private:
  prometheus::Registry registry_;
  prometheus::Family<prometheus::Counter>& rejects_;
  prometheus::Family<prometheus::Counter>& rounds_;
  prometheus::Family<prometheus::Counter>& messages_;
  prometheus::Family<prometheus::Counter>& quarantines_;
  prometheus::Family<prometheus::Counter>& selection_;
  prometheus::Family<prometheus::Counter>& forwarded_;
  prometheus::Family<prometheus::Gauge>& open_rounds_;

  prometheus::Counter& counter(const char* name, const char* help);
  prometheus::Gauge& gauge(const char* name, const char* help);

 public:
  prometheus::Counter& receipts;
  prometheus::Counter& contributions;
  prometheus::Counter& chunk_bytes;
  prometheus::Counter& inbox_dropped;
  prometheus::Counter& sum_seconds;
  prometheus::Counter& helper_sums;
  prometheus::Counter& helper_seconds;
  prometheus::Counter& quarantined_messages;
  prometheus::Gauge& quarantined_devices;
  prometheus::Gauge& inbox_bytes;
  prometheus::Gauge& writer_bytes;
  prometheus::Gauge& journal_bytes;
  prometheus::Gauge& storage_full;
  prometheus::Gauge& roster_devices;
  prometheus::Gauge& databases_set_aside;
  prometheus::Gauge& outbox_messages;
  prometheus::Gauge& outbox_bytes;
  prometheus::Gauge& outbox_oldest_seconds;
  prometheus::Gauge& broker_connected;
  prometheus::Gauge& coordinator_reachable;
  prometheus::Histogram& batch_bytes;
};

}  // namespace tributary::gateway
