#include "tests/unit/device/pair_device.hpp"

#include <algorithm>
#include <cstring>

#include "device-protocol/ports/posix/posix.h"

namespace pair_test {
namespace {

PairDevice& of(void* user) {
  return *static_cast<PairDevice*>(user);
}

trib_status load(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                 size_t* size) {
  const auto& records = of(user).records;
  const auto at = records.find(record);
  *size = 0;
  if (at == records.end()) return TRIB_NOT_FOUND;
  if (offset < at->second.size()) *size = std::min(capacity, at->second.size() - offset);
  if (*size > 0) std::memcpy(out, at->second.data() + offset, *size);
  return TRIB_OK;
}

trib_status save(void* user, trib_record record, const void* head, size_t head_size,
                 const void* body, size_t body_size) {
  if (!of(user).acts()) return TRIB_STORAGE;
  const auto* first = static_cast<const std::uint8_t*>(head);
  Bytes bytes(first, first + head_size);
  const auto* second = static_cast<const std::uint8_t*>(body);
  if (body_size > 0) bytes.insert(bytes.end(), second, second + body_size);
  of(user).records[record] = bytes;
  return TRIB_OK;
}

trib_status erase(void* user, trib_record record) {
  if (!of(user).acts()) return TRIB_STORAGE;
  of(user).records.erase(record);
  return TRIB_OK;
}

trib_status publish(void* user, const char* topic, const void* payload, size_t size) {
  if (!of(user).acts()) return TRIB_NOT_CONNECTED;
  const auto* bytes = static_cast<const std::uint8_t*>(payload);
  if (std::string_view(topic).ends_with("/up/chunk")) ++of(user).chunks_sent;
  of(user).sent.emplace_back(topic, Bytes(bytes, bytes + size));
  return TRIB_OK;
}

bool matches(const std::string& filter, const std::string& topic) {
  if (!filter.ends_with("/+")) return filter == topic;
  const auto prefix = filter.substr(0, filter.size() - 1);
  return topic.starts_with(prefix) && topic.find('/', prefix.size()) == std::string::npos;
}

trib_status subscribe(void* user, const char* topic) {
  auto& device = of(user);
  if (device.dead) return TRIB_NOT_CONNECTED;
  device.filters.insert(topic);
  for (const auto& [name, payload] : device.broker.retained) {
    if (matches(topic, name)) device.mailbox.emplace_back(name, payload);
  }
  return TRIB_OK;
}

trib_status unsubscribe(void* user, const char* topic) {
  of(user).filters.erase(topic);
  return TRIB_OK;
}

void note(void* user, trib_log_level, const char* text, std::uint64_t number) {
  of(user).log.push_back(std::string(text) + " " + std::to_string(number));
}

void reveal(void* user, const unsigned char ctx_hash[TRIB_HASH_BYTES], std::uint32_t first,
            const std::int32_t* values, std::uint32_t count) {
  auto& plain = of(user).plain[std::string(ctx_hash, ctx_hash + TRIB_HASH_BYTES)];
  plain.resize(std::max<std::size_t>(plain.size(), first + count));
  std::copy(values, values + count, plain.begin() + first);
}

// No two gradients are alike: a vector made twice shows.
trib_status gradient(void* user, const float*, float* out, std::uint32_t, std::uint64_t,
                     std::uint32_t step, trib_batch_report* report) {
  auto& device = of(user);
  const auto call = static_cast<float>(++device.gradients);
  const auto own = static_cast<float>(device.records.at(TRIB_RECORD_IDENTITY).at(8));
  for (std::uint32_t i = 0; i < parameters; ++i) {
    out[i] = static_cast<float>(i % 5 + step) - 2.0F + 0.01F * call + 0.001F * own;
  }
  *report = {1.0F, 2, 4};
  return TRIB_OK;
}

}  // namespace

PairDevice::PairDevice(Broker& site, const Bytes& identity) : broker(site) {
  records[TRIB_RECORD_IDENTITY] = identity;
}

bool PairDevice::acts() {
  if (cut_at && actions == *cut_at) dead = true;
  const bool refused = fail_at && actions == *fail_at;
  ++actions;
  return !dead && !refused;
}

bool PairDevice::subscribed(const std::string& topic) const {
  return std::ranges::any_of(filters, [&](const auto& filter) { return matches(filter, topic); });
}

void PairDevice::receive(const std::string& topic, const Bytes& payload) {
  if (is_on() && !dead && subscribed(topic)) mailbox.emplace_back(topic, payload);
}

void PairDevice::off() {
  client = nullptr;
  mailbox.clear();
  filters.clear();
  storage_.clear();
  block_.clear();
}

void PairDevice::on() {
  off();
  dead = false;
  storage_.assign(trib_client_size() / sizeof(std::uint64_t) + 1, 0);
  message_.assign(message_size, 0);
  trib_port port{};
  port.user = this;
  port.crypto = &trib_posix_crypto;
  port.storage = {load, save, erase};
  port.monotonic_ms = [](void* user) { return of(user).broker.now_ms; };
  port.unix_seconds = [](void* user) { return of(user).broker.unix_seconds; };
  port.random = trib_posix_random;
  port.publish = publish;
  port.subscribe = subscribe;
  port.unsubscribe = unsubscribe;
  port.log = note;
  const trib_trainer trainer = {this, "test:12", parameters, 50, gradient, nullptr, 0};
  trib_client_memory memory = {weights_.data(), initial_.data(), gradient_.data(), parameters,
                               message_.data(), message_.size(), nullptr,          0};
  if (block_devices > 0) {
    memory.pairwise_size = trib_pairwise_bytes(static_cast<std::uint32_t>(block_devices),
                                               static_cast<std::uint32_t>(block_neighbours));
    block_.assign(memory.pairwise_size / sizeof(std::uint64_t) + 1, 0);
    memory.pairwise = block_.data();
  }
  trib_client_options options{};
  options.checkpoint_steps = 1;
  options.retry_ms = 100;
  options.reveal_quantised = reveal;
  started = trib_client_start(storage_.data(), &port, &trainer, &memory, &options, &client);
  if (started != TRIB_OK) return off();
  trib_client_connected(client);
}

std::uint32_t PairDevice::run_once() {
  if (!is_on() || dead) return UINT32_MAX;
  while (!mailbox.empty() && !dead) {
    const auto [topic, payload] = mailbox.front();
    mailbox.pop_front();
    const auto status = trib_client_message(client, topic.c_str(), payload.data(), payload.size());
    if (status != TRIB_OK) said.insert(status);
  }
  std::uint32_t wait = 0;
  const auto status = trib_client_turn(client, &wait);
  if (status != TRIB_OK) said.insert(status);
  if (dead) return UINT32_MAX;
  return mailbox.empty() && sent.empty() ? wait : 0;
}

}  // namespace pair_test
