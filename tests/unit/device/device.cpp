// The device under test: its port, which acts on the site, and its boot.
#include <cstring>

#include "device-protocol/ports/posix/posix.h"
#include "tests/unit/device/site.hpp"

namespace device_test {
namespace {

Site& site_of(void* user) {
  return *static_cast<Site*>(user);
}

trib_status load(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                 size_t* size) {
  const auto& records = site_of(user).records;
  const auto at = records.find(record);
  *size = 0;
  if (at == records.end()) return TRIB_NOT_FOUND;
  if (offset < at->second.size()) *size = std::min(capacity, at->second.size() - offset);
  if (*size > 0) std::memcpy(out, at->second.data() + offset, *size);
  return TRIB_OK;
}

trib_status save(void* user, trib_record record, const void* head, size_t head_size,
                 const void* body, size_t body_size) {
  if (!site_of(user).acts()) return TRIB_STORAGE;
  Bytes bytes(head_size + body_size);
  std::memcpy(bytes.data(), head, head_size);
  if (body_size > 0) std::memcpy(bytes.data() + head_size, body, body_size);
  site_of(user).records[record] = bytes;
  return TRIB_OK;
}

trib_status erase(void* user, trib_record record) {
  if (!site_of(user).acts()) return TRIB_STORAGE;
  site_of(user).records.erase(record);
  return TRIB_OK;
}

trib_status publish(void* user, const char* topic, const void* payload, size_t size) {
  if (!site_of(user).acts()) return TRIB_NOT_CONNECTED;
  const auto* bytes = static_cast<const std::uint8_t*>(payload);
  site_of(user).sent.emplace_back(topic, Bytes(bytes, bytes + size));
  return TRIB_OK;
}

trib_status subscribe(void* user, const char* topic) {
  if (site_of(user).dead) return TRIB_NOT_CONNECTED;
  site_of(user).subscribe(topic);
  return TRIB_OK;
}

trib_status unsubscribe(void*, const char*) {
  return TRIB_OK;
}

void reveal(void* user, const unsigned char*, std::uint32_t first, const std::int32_t* values,
            std::uint32_t count) {
  auto& revealed = site_of(user).revealed;
  revealed.resize(std::max<std::size_t>(revealed.size(), first + count));
  std::copy(values, values + count, revealed.begin() + first);
}

}  // namespace

// Differs with every call, also for the same step after a reset: a vector made twice shows.
trib_status Device::gradient(void* user, const float*, float* out, std::uint32_t, std::uint64_t,
                             std::uint32_t step, trib_batch_report* report) {
  const auto& trainer = *static_cast<Trainer*>(user);
  ++trainer.steps;
  const auto call = static_cast<float>(++trainer.site.gradients);
  for (std::uint32_t i = 0; i < parameters; ++i) {
    out[i] = static_cast<float>(i % 7 + step) - 3.0F + 0.01F * call;
  }
  if (trainer.site.steady) std::fill(out, out + parameters, *trainer.site.steady);
  std::fill_n(out + parameters, trainer.site.personal, trainer.site.personal_slope);
  *report = {1.0F + static_cast<float>(step), 2, 4};
  if (!trainer.site.fault) return TRIB_OK;
  const Fault& fault = *trainer.site.fault;
  if (fault.coordinate) out[parameters - 1] = *fault.coordinate;
  if (fault.report) *report = *fault.report;
  return fault.status;
}

Device::Device(Site& site, std::uint32_t checkpoint_steps)
    : site_(site), message_(1024), storage_(trib_client_size() / sizeof(std::uint64_t) + 1) {
  site_.waiting.clear();
  trib_port port{};
  port.user = &site_;
  port.crypto = &trib_posix_crypto;
  port.storage = {load, save, erase};
  port.monotonic_ms = [](void* user) { return site_of(user).now_ms; };
  port.unix_seconds = [](void* user) { return site_of(user).unix_seconds; };
  port.random = trib_posix_random;
  port.publish = publish;
  port.subscribe = subscribe;
  port.unsubscribe = unsubscribe;
  const trib_trainer trainer = {&trainer_, "test:200", parameters,    50,
                                gradient,  nullptr,    site_.personal};
  const trib_client_memory memory = {
      weights_.data(), initial_.data(), gradient_.data(), parameters + site_.personal,
      message_.data(), message_.size(), nullptr,          0};
  trib_client_options options{};
  options.checkpoint_steps = checkpoint_steps;
  options.retry_ms = 100;
  options.reveal_quantised = reveal;
  steering_.publish_retained = publish;
  steering_.conditions = [](void* user, trib_conditions* out) { *out = site_of(user).conditions; };
  if (site_.steered) options.steering = &steering_;
  started = trib_client_start(storage_.data(), &port, &trainer, &memory, &options, &client);
  if (started == TRIB_OK) trib_client_connected(client);
}

std::uint32_t Device::run_once() {
  site_.answer();
  auto messages = std::move(site_.waiting);
  site_.waiting.clear();
  for (const auto& [topic, payload] : messages) {
    const auto status = trib_client_message(client, topic.c_str(), payload.data(), payload.size());
    if (status != TRIB_OK) said.insert(status);
  }
  std::uint32_t wait = 0;
  const auto status = trib_client_turn(client, &wait);
  if (status != TRIB_OK) said.insert(status);
  return site_.waiting.empty() && site_.sent.empty() ? wait : 0;
}

void Device::run(std::uint64_t patience_ms) {
  for (int turns = 0; turns < 2000 && !site_.dead; ++turns) {
    const std::uint32_t wait = run_once();
    if (wait > patience_ms) return;
    site_.now_ms += wait;
  }
}

}  // namespace device_test
