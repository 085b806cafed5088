#include "gateway/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cctype>

namespace tributary::gateway {
namespace {

std::string full(const char* name) {
  return std::string("tributary_gateway_") + name;
}

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const char* name,
                                                  const char* help) {
  return prometheus::BuildCounter().Name(full(name)).Help(help).Register(registry);
}

prometheus::Family<prometheus::Gauge>& gauges(prometheus::Registry& registry, const char* name,
                                              const char* help) {
  return prometheus::BuildGauge().Name(full(name)).Help(help).Register(registry);
}

prometheus::Histogram& batches(prometheus::Registry& registry) {
  return prometheus::BuildHistogram()
      .Name(full("commit_batch_bytes"))
      .Help("Masked words made durable by one group commit")
      .Register(registry)
      .Add({},
           prometheus::Histogram::BucketBoundaries{0, 16384, 131072, 1048576, 4194304, 8388608});
}

}  // namespace

Metrics::Metrics()
    : rejects_(counters(registry_, "rejects_total", "Messages of devices refused, by reason")),
      rounds_(counters(registry_, "rounds_total", "Rounds of this site, by what became of them")),
      messages_(counters(registry_, "messages_total", "Messages of devices, by kind")),
      quarantines_(counters(registry_, "quarantines_total",
                            "Times a device was not listened to any more, by the last reason")),
      selection_(counters(registry_, "selection_total",
                          "Devices looked at when a round was opened, by why (not) chosen")),
      forwarded_(counters(registry_, "forwarded_total", "Outbox messages, by what became of them")),
      open_rounds_(gauges(registry_, "open_rounds", "Rounds at this site, by phase")),
      receipts(counter("receipts_total", "Receipts sent, repeated ones included")),
      contributions(counter("contributions_total", "Uploads that became durable as a whole")),
      chunk_bytes(counter("chunk_bytes_total", "Masked words accepted, in bytes")),
      inbox_dropped(counter("inbox_dropped_total", "Messages that found the inbox full")),
      sum_seconds(counter("sum_seconds_total", "Time workers spent adding up updates")),
      helper_sums(counter("helper_sums_total", "Mask sums made for peer gateways")),
      helper_seconds(counter("helper_seconds_total", "Time spent on mask sums for peer gateways")),
      quarantined_messages(counter("quarantined_messages_total",
                                   "Messages of devices in quarantine, not looked at")),
      quarantined_devices(gauge("quarantined_devices", "Devices in quarantine now")),
      inbox_bytes(gauge("inbox_bytes", "Messages waiting for the loop")),
      writer_bytes(gauge("writer_queue_bytes", "Masked words waiting for the disk")),
      journal_bytes(gauge("journal_bytes", "Journals of open rounds")),
      storage_full(gauge("storage_full", "1 while uploads are refused for lack of space")),
      roster_devices(gauge("roster_devices", "Devices with a certified epoch key")),
      databases_set_aside(gauge("databases_set_aside",
                                "Corrupt databases that were set aside and are still there")),
      outbox_messages(gauge("outbox_messages", "Messages waiting for the coordinator")),
      outbox_bytes(gauge("outbox_bytes", "Bytes of them")),
      outbox_oldest_seconds(gauge("outbox_oldest_seconds", "Age of the oldest of them")),
      broker_connected(gauge("broker_connected", "1 while the broker session is up")),
      coordinator_reachable(gauge("coordinator_reachable", "1 when the last request was answered")),
      batch_bytes(batches(registry_)) {}

prometheus::Counter& Metrics::counter(const char* name, const char* help) {
  return counters(registry_, name, help).Add({});
}
prometheus::Gauge& Metrics::gauge(const char* name, const char* help) {
  return gauges(registry_, name, help).Add({});
}

std::string Metrics::name_of(v1::RejectReason reason) {
  std::string name = v1::RejectReason_Name(reason);
  if (const std::string prefix = "REJECT_"; name.starts_with(prefix)) name.erase(0, prefix.size());
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

prometheus::Counter& Metrics::rejects(v1::RejectReason reason) {
  return rejects_.Add({{"reason", name_of(reason)}});
}
prometheus::Counter& Metrics::quarantines(v1::RejectReason reason) {
  return quarantines_.Add(
      {{"reason", reason == v1::REJECT_REASON_UNSPECIFIED ? "flood" : name_of(reason)}});
}
prometheus::Counter& Metrics::rounds(const std::string& outcome) {
  return rounds_.Add({{"outcome", outcome}});
}
prometheus::Counter& Metrics::messages(const std::string& kind) {
  return messages_.Add({{"kind", kind}});
}
prometheus::Counter& Metrics::selection(const std::string& reason) {
  return selection_.Add({{"reason", reason}});
}

prometheus::Counter& Metrics::forwarded(const std::string& outcome) {
  return forwarded_.Add({{"outcome", outcome}});
}
prometheus::Gauge& Metrics::open_rounds(const std::string& phase) {
  return open_rounds_.Add({{"phase", phase}});
}

std::string Metrics::text() const {
  return prometheus::TextSerializer().Serialize(registry_.Collect());
}

}  // namespace tributary::gateway
