#include "device-protocol/fleet/client.hpp"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "device-protocol/ports/posix/posix.h"

namespace tributary::fleet {

namespace {

constexpr std::uint32_t kWaitAfterFailure = 1000;  // milliseconds

// What mode pairwise sends besides uploads.
void count_sent(Tally& tally, std::string_view topic) {
  if (topic.ends_with("/up/prekey")) ++tally.prekeys;
  if (topic.ends_with("/up/vow")) ++tally.vows;
  if (topic.ends_with("/up/reveal")) ++tally.reveals;
}

}  // namespace

// The port's functions; `user` is the Client.
struct Client::Port {
  static Client& of(void* user) { return *static_cast<Client*>(user); }

  static trib_status load(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                          size_t* size) {
    return of(user).around_.storage.load(record, offset, out, capacity, size);
  }
  static trib_status save(void* user, trib_record record, const void* head, size_t head_size,
                          const void* body, size_t body_size) {
    auto& around = of(user).around_;
    const auto status =
        around.storage.save(record, {static_cast<const std::uint8_t*>(head), head_size},
                            {static_cast<const std::uint8_t*>(body), body_size});
    if (status != TRIB_OK) ++around.tally.storage_failures;
    return status;
  }
  static trib_status erase(void* user, trib_record record) {
    return of(user).around_.storage.erase(record);
  }
  static trib_status publish(void* user, const char* topic, const void* payload, size_t size) {
    const auto& session = of(user).session_;
    const std::span bytes(static_cast<const std::uint8_t*>(payload), size);
    if (!session || !session->publish(topic, bytes)) return TRIB_NOT_CONNECTED;
    count_sent(of(user).around_.tally, topic);
    return TRIB_OK;
  }
  static trib_status publish_retained(void* user, const char* topic, const void* payload,
                                      size_t size) {
    const auto& session = of(user).session_;
    const std::span bytes(static_cast<const std::uint8_t*>(payload), size);
    return session && session->publish_retained(topic, bytes) ? TRIB_OK : TRIB_NOT_CONNECTED;
  }
  // Devices of a lab hang on a cable.
  static void conditions(void*, trib_conditions* out) { *out = {true, true, true, true, 100, 100}; }
  static trib_status subscribe(void* user, const char* topic) {
    const auto& session = of(user).session_;
    return session && session->subscribe(topic) ? TRIB_OK : TRIB_NOT_CONNECTED;
  }
  static trib_status unsubscribe(void* user, const char* topic) {
    const auto& session = of(user).session_;
    return session && session->unsubscribe(topic) ? TRIB_OK : TRIB_NOT_CONNECTED;
  }
  static void log(void* user, trib_log_level level, const char* text, uint64_t number) {
    const auto severity = level == TRIB_LOG_WARNING ? spdlog::level::info : spdlog::level::debug;
    spdlog::log(severity, "device {}: {} ({})", of(user).around_.device.hex(), text, number);
  }
  static void reveal(void* user, const unsigned char ctx_hash[TRIB_HASH_BYTES], uint32_t first_word,
                     const int32_t* words, uint32_t count) {
    auto& client = of(user);
    const auto hash = *Hash::from(ByteView(ctx_hash, TRIB_HASH_BYTES));
    auto& file = client.true_vector_;
    if (!file || file->ctx_hash() != hash) {
      file.emplace(client.around_.true_vectors, hash, client.around_.device);
    }
    if (!file->write(first_word, {words, count})) ++client.around_.tally.storage_failures;
  }
};

Client::Client(const Surroundings& surroundings, std::unique_ptr<LocalTrainer> trainer)
    : around_(surroundings),
      trainer_(std::move(trainer)),
      model_(trainer_->trainer().model),
      memory_(trainer_->trainer().parameters + trainer_->trainer().personal),
      bytes_((trib_client_size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t)) {}

Outcome<std::unique_ptr<Client>> Client::start(const Surroundings& surroundings,
                                               std::unique_ptr<LocalTrainer> trainer) {
  std::unique_ptr<Client> client(new Client(surroundings, std::move(trainer)));
  trib_port port{};
  port.user = client.get();
  port.crypto = &trib_posix_crypto;
  port.storage = {Port::load, Port::save, Port::erase};
  port.monotonic_ms = trib_posix_monotonic_ms;
  port.unix_seconds = trib_posix_unix_seconds;
  port.random = trib_posix_random;
  port.publish = Port::publish;
  port.subscribe = Port::subscribe;
  port.unsubscribe = Port::unsubscribe;
  port.log = Port::log;
  trib_client_options options{};
  options.checkpoint_steps = surroundings.checkpoint_steps;
  if (!surroundings.true_vectors.empty()) options.reveal_quantised = Port::reveal;
  options.firmware = "tributary-fleet";
  surroundings.steering.publish_retained = Port::publish_retained;
  surroundings.steering.conditions = Port::conditions;
  options.steering = &surroundings.steering;
  const auto status = trib_client_start(client->bytes_.data(), &port, &client->trainer_->trainer(),
                                        &client->memory_.memory(), &options, &client->client_);
  if (status != TRIB_OK) {
    return Fault{"device " + surroundings.device.hex() +
                 " does not start: " + trib_status_text(status)};
  }
  return client;
}

Client::~Client() {
  sodium_memzero(bytes_.data(), bytes_.size() * sizeof(std::uint64_t));
}

void Client::connected() {
  if (const auto status = trib_client_connected(client_); status != TRIB_OK) {
    spdlog::debug("device {}: {}", around_.device.hex(), trib_status_text(status));
  }
}

LastWill Client::will() {
  char topic[TRIB_WILL_TOPIC_BYTES];
  unsigned char payload[TRIB_WILL_BYTES];
  std::size_t size = 0;
  if (trib_client_will(client_, topic, payload, &size) != TRIB_OK || size == 0) return {};
  return {topic, {payload, payload + size}};
}

trib_status Client::message(const BrokerMessage& message) {
  return trib_client_message(client_, message.topic.c_str(), message.payload.data(),
                             message.payload.size());
}

std::optional<std::chrono::milliseconds> Client::turn() {
  std::uint32_t wait = UINT32_MAX;
  if (const auto status = trib_client_turn(client_, &wait); status != TRIB_OK) {
    spdlog::debug("device {}: {}", around_.device.hex(), trib_status_text(status));
    // What failed just now would fail at once again.
    wait = std::max(wait, kWaitAfterFailure);
  }
  if (wait == UINT32_MAX) return std::nullopt;
  return std::chrono::milliseconds(wait);
}

Hash Client::context_hash() const {
  Hash hash;
  trib_client_context_hash(client_, hash.bytes.data());
  return hash;
}

}  // namespace tributary::fleet
