#include "tests/sim/node.hpp"

#include <algorithm>
#include <cstring>

#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "device-protocol/ports/posix/posix.h"

namespace tributary::sim {
namespace {

constexpr Span reconnect_wait{700};
constexpr std::uint32_t retry_ms = 1000;
constexpr std::uint32_t after_failure_ms = 1000;
constexpr std::size_t message_bytes = 1024;

DeviceId device_id(const GatewayId& gateway, std::uint32_t place) {
  DeviceId id;
  id.bytes.fill(gateway.bytes[0]);
  id.bytes[0] = 0xd0;
  id.bytes[15] = static_cast<std::uint8_t>(place);
  return id;
}

}  // namespace

struct Node::Memory {
  explicit Memory(std::uint32_t parameters)
      : weights(parameters),
        initial(parameters),
        gradient(parameters),
        message(message_bytes),
        client(trib_client_size() / sizeof(std::uint64_t) + 1) {}
  std::vector<float> weights, initial, gradient;
  std::vector<unsigned char> message;
  std::vector<std::uint64_t> client;
};

// The port's functions; `user` is the Node.
struct Node::Port {
  static Node& of(void* user) { return *static_cast<Node*>(user); }

  static trib_status load(void* user, trib_record record, size_t offset, void* out, size_t capacity,
                          size_t* size) {
    const auto& records = of(user).records;
    const auto found = records.find(record);
    if (found == records.end()) return TRIB_NOT_FOUND;
    const auto& bytes = found->second;
    *size = offset < bytes.size() ? std::min(capacity, bytes.size() - offset) : 0;
    if (*size > 0) std::memcpy(out, bytes.data() + offset, *size);
    return TRIB_OK;
  }
  static trib_status save(void* user, trib_record record, const void* head, size_t head_size,
                          const void* body, size_t body_size) {
    if (of(user).act() != TRIB_OK) return TRIB_STORAGE;
    const auto* first = static_cast<const std::uint8_t*>(head);
    const auto* second = static_cast<const std::uint8_t*>(body);
    Bytes bytes(first, first + head_size);
    if (body_size > 0) bytes.insert(bytes.end(), second, second + body_size);
    of(user).records[record] = std::move(bytes);
    return TRIB_OK;
  }
  static trib_status erase(void* user, trib_record record) {
    if (of(user).act() != TRIB_OK) return TRIB_STORAGE;
    of(user).records.erase(record);
    return TRIB_OK;
  }
  static trib_status publish(void* user, const char* topic, const void* payload, size_t size) {
    auto& node = of(user);
    if (node.act() != TRIB_OK) return TRIB_NOT_CONNECTED;
    const ByteView bytes(static_cast<const std::uint8_t*>(payload), size);
    if (!node.broker_.publish(node.user(), topic, std::string(text_of(bytes)))) {
      return TRIB_NOT_CONNECTED;
    }
    node.sent(topic, bytes);
    return TRIB_OK;
  }
  static trib_status subscribe(void* user, const char* topic) {
    auto& node = of(user);
    if (!node.broker_.connected(node.user())) return TRIB_NOT_CONNECTED;
    node.broker_.subscribe(node.user(), topic);
    return TRIB_OK;
  }
  static trib_status unsubscribe(void* user, const char* topic) {
    of(user).broker_.unsubscribe(of(user).user(), topic);
    return TRIB_OK;
  }
  static void write_line(void* user, trib_log_level, const char* text, uint64_t number) {
    auto& node = of(user);
    node.log.push_back(std::string(text) + " (" + std::to_string(number) + ")");
    node.nature_.note(node.name() + ": " + node.log.back());
  }
  static void reveal(void* user, const unsigned char*, uint32_t first, const int32_t* words,
                     uint32_t count) {
    auto& revealed = of(user).revealed_;
    revealed.resize(std::max<std::size_t>(revealed.size(), first + count));
    std::copy(words, words + count, revealed.begin() + first);
  }
  // One-hot, then words that only this device and step have. The same for the same arguments.
  static trib_status gradient(void* user, const float*, float* out, std::uint32_t,
                              std::uint64_t seed, std::uint32_t step, trib_batch_report* report) {
    auto& node = of(user);
    ++node.gradients;
    Chance own(node.private_seed_ ^ seed ^ step);
    for (std::uint32_t i = 0; i < node.fleet_; ++i) out[i] = i == node.place_ ? -1.0F : 0.0F;
    for (std::uint32_t i = 0; i < private_words; ++i) {
      out[node.fleet_ + i] = static_cast<float>(own.below(2'000'001)) * 1e-6F - 1.0F;
    }
    *report = {1.0F, 2, 4};
    return TRIB_OK;
  }
};

Node::Node(Nature& nature, const Authority& authority, Broker& broker, const GatewayId& gateway,
           std::uint32_t place, std::uint32_t fleet, const Authority::Floors& floors)
    : keys{device_id(gateway, place), gateway},
      nature_(nature),
      broker_(broker),
      place_(place),
      fleet_(fleet),
      private_seed_(nature.chance.next()) {
  const auto identity = authority.device_identity(keys, floors);
  records[TRIB_RECORD_IDENTITY] = Bytes(identity.begin(), identity.end());
}

Node::~Node() {
  kill();
}

void Node::start() {
  if (running()) return;
  dead_ = false;
  life_ = new_life();
  memory_ = std::make_unique<Memory>(parameters(fleet_));
  trib_port port{};
  port.user = this;
  port.crypto = &trib_posix_crypto;
  port.storage = {Port::load, Port::save, Port::erase};
  port.monotonic_ms = [](void* user) {
    return static_cast<std::uint64_t>(Port::of(user).nature_.timeline.now().count());
  };
  port.unix_seconds = [](void* user) {
    return static_cast<std::uint64_t>(
        std::chrono::floor<std::chrono::seconds>(Port::of(user).nature_.wall())
            .time_since_epoch()
            .count());
  };
  port.random = trib_posix_random;
  port.publish = Port::publish;
  port.subscribe = Port::subscribe;
  port.unsubscribe = Port::unsubscribe;
  port.log = Port::write_line;
  const trib_trainer trainer{this, "one-hot", parameters(fleet_), 50, Port::gradient, nullptr, 0};
  const trib_client_memory memory{memory_->weights.data(),
                                  memory_->initial.data(),
                                  memory_->gradient.data(),
                                  parameters(fleet_),
                                  memory_->message.data(),
                                  memory_->message.size(),
                                  nullptr,
                                  0};
  trib_client_options options{};
  options.retry_ms = retry_ms;
  options.reveal_quantised = Port::reveal;
  const auto status =
      trib_client_start(memory_->client.data(), &port, &trainer, &memory, &options, &client_);
  note_status(status);
  if (status != TRIB_OK) return kill();
  connect();
}

void Node::kill() {
  if (memory_ == nullptr) return;
  nature_.note(name() + " loses power");
  *life_ = false;
  *turn_ = false;
  fuse_.reset();
  broker_.disconnect(user());
  client_ = nullptr;
  memory_.reset();
}

trib_status Node::act() {
  if (fuse_ && (*fuse_)-- == 0) {
    dead_ = true;
    fuse_.reset();
    nature_.timeline.after(life_, Span(0), [this] { kill(); });
  }
  return dead_ ? TRIB_STORAGE : TRIB_OK;
}

void Node::connect() {
  const auto again = [this, life = life_] {
    nature_.timeline.after(life, reconnect_wait, [this] { connect(); });
  };
  const bool connected = broker_.connect(
      user(),
      {[this](std::string_view topic, std::string_view payload, bool) { message(topic, payload); },
       [life = life_, again] {
         if (*life) again();
       }});
  if (!connected) return again();
  note_status(trib_client_connected(client_));
  turn();
}

void Node::message(std::string_view topic, std::string_view payload) {
  if (dead_ || client_ == nullptr) return;
  const auto before = phase();
  Hash ctx_hash;
  trib_client_context_hash(client_, ctx_hash.bytes.data());
  const auto status =
      trib_client_message(client_, std::string(topic).c_str(), payload.data(), payload.size());
  note_status(status);
  const bool receipt = topic.ends_with("/down/receipt") && status == TRIB_OK;
  if (receipt && before == TRIB_PHASE_COMMITTING && phase() == TRIB_PHASE_IDLE) {
    receipts.insert(ctx_hash);
    nature_.note(name() + " has its receipt");
  }
  look();
  turn();
}

void Node::turn() {
  if (dead_ || client_ == nullptr) return;
  *turn_ = false;
  turn_ = new_life();
  nature_.timeline.after(turn_, Span(1), [this] {
    if (dead_ || client_ == nullptr) return;
    std::uint32_t wait = UINT32_MAX;
    const auto status = trib_client_turn(client_, &wait);
    note_status(status);
    if (status != TRIB_OK) wait = std::max(wait, after_failure_ms);
    look();
    if (wait == UINT32_MAX) return;
    turn_ = new_life();
    nature_.timeline.after(turn_, Span(wait), [this] { turn(); });
  });
}

void Node::look() {
  if (dead_ || !watch_ || phase() != watch_->first) return;
  auto then = std::move(watch_->second);
  watch_.reset();
  then();
}

void Node::when(trib_phase phase, std::function<void()> then) {
  watch_.emplace(phase, [this, then = std::move(then)] { nature_.timeline.after(Span(0), then); });
}

void Node::note_status(trib_status status) {
  if (status != TRIB_OK) said.insert(status);
}

void Node::sent(const std::string& topic, ByteView payload) {
  const auto up = wire::parse_up_topic(topic);
  if (!up) return;
  if (const auto chunk = wire::parse_upload_chunk(payload);
      up->kind == wire::UpKind::chunk && chunk) {
    const auto key = chunk->ctx_tag.hex() + chunk->nonce.hex() + std::to_string(chunk->index);
    const Bytes bytes(chunk->sealed.begin(), chunk->sealed.end());
    if (frames_.try_emplace(key, bytes).first->second != bytes) twice.insert(key);
  }
  if (up->kind != wire::UpKind::header) return;
  v1::UploadHeader header;
  if (!header.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  const auto ctx_hash = Hash::from(header.ctx_hash());
  const auto nonce = Nonce::from(header.nonce());
  if (ctx_hash && nonce) contributions[*ctx_hash].try_emplace(*nonce, revealed_);
}

}  // namespace tributary::sim
