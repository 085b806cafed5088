#include "tests/sim/forger.hpp"

#include "crypto/mask.hpp"
#include "crypto/upload.hpp"
#include "device-protocol/cpp/context.hpp"
#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/topics.hpp"

namespace tributary::sim {
namespace {

DeviceKeys forger_keys(const GatewayId& gateway) {
  DeviceKeys keys{{}, gateway};
  keys.id.bytes.fill(0xf0);
  return keys;
}

wire::Context context_of(const v1::Offer& offer) {
  return std::get<wire::Context>(wire::parse_context(offer.context()));
}

}  // namespace

Forger::Forger(World& world)
    : keys(forger_keys(world.gates[0]->keys.id)), world_(world), broker_(*world.brokers[0]) {
  world.gates[0]->enrol(keys);
}

void Forger::join() {
  broker_.connect(keys.id.hex(), {[this](std::string_view topic, std::string_view payload, bool) {
                                    hear(topic, payload);
                                  },
                                  [] {}});
  broker_.subscribe(keys.id.hex(), "tributary/v1/device/" + keys.id.hex() + "/down/+");
  v1::Hello hello;
  *hello.mutable_key() = world_.authority.certified(keys, epoch_);
  hello.set_protocol_version(3);
  world_.run(Span(1000));  // the gateway looks at its allow-list again
  broker_.publish(keys.id.hex(), wire::up_topic(keys.id, wire::UpKind::hello),
                  hello.SerializeAsString());
  world_.until([this] { return welcome_; }, Span(10'000));
  world_.run(Span(5000));  // and its roster goes to the coordinator
}

void Forger::hear(std::string_view topic, std::string_view payload) {
  if (topic.ends_with("/welcome")) welcome_ = true;
  if (topic.ends_with("/receipt")) ++receipts;
  v1::Reject reject;
  if (topic.ends_with("/reject") && reject.ParseFromString(std::string(payload))) {
    rejects.insert(reject.reason());
  }
}

v1::Offer Forger::offer() const {
  v1::Offer offer;
  const auto found = broker_.retained().find(wire::offer_topic(world_.task));
  if (found != broker_.retained().end()) offer.ParseFromString(found->second);
  return offer;
}

std::size_t Forger::words() const {
  return context_of(offer()).encoding.words();
}

crypto::PairKey Forger::pair_key(v1::Role role) const {
  v1::SiteKeys site;
  site.ParseFromString(broker_.retained().at(std::string(wire::site_keys_topic)));
  for (const auto& key : site.keys()) {
    v1::EpochKey epoch;
    epoch.ParseFromString(key.epoch_key().body());
    if (epoch.role() != role) continue;
    crypto::PairParties parties{crypto::exchange_key(epoch_),
                                *ExchangeKey::from(epoch.public_key()),
                                keys.id.bytes,
                                {},
                                epoch.epoch(),
                                {}};
    std::copy(epoch.subject_id().begin(), epoch.subject_id().end(), parties.party_id.begin());
    return *crypto::pair_key(epoch_, crypto::Side::device, parties);
  }
  throw std::runtime_error("no key of this role on the broker");
}

Forger::Upload Forger::upload(const Words& words, const Nonce& nonce) const {
  const auto context = context_of(offer());
  Bytes masked;
  for (const auto word : words) {
    const auto bytes = crypto::le32(static_cast<std::uint32_t>(word));
    masked.insert(masked.end(), bytes.begin(), bytes.end());
  }
  const auto helper = pair_key(v1::ROLE_HELPER);
  crypto::add_mask(context.encoding.bits, crypto::mask_seed(helper, context.hash, keys.id, nonce),
                   0, masked);
  const auto key = crypto::upload_key(pair_key(v1::ROLE_GATEWAY), context.hash, keys.id, nonce);
  Upload made;
  std::vector<AeadTag> tags;
  for (std::uint32_t i = 0; i < context.chunks(); ++i) {
    const auto part =
        ByteView(masked).subspan(std::size_t{i} * context.chunk_bytes, context.bytes_of_chunk(i));
    const auto sealed = crypto::seal_chunk(
        key, {context.hash, keys.id, i, context.chunks(), context.encoding.bits}, part);
    tags.push_back(*AeadTag::from(ByteView(sealed).last(AeadTag::size)));
    const auto frame =
        wire::upload_chunk({wire::frame_tag(context.hash), nonce, i, context.chunks(), sealed});
    made.frames.emplace_back(text_of(frame));
  }
  const Hash digest = crypto::upload_digest(context.hash, keys.id, nonce, tags);
  v1::UploadRequest request;
  request.set_ctx_hash(context.hash.raw());
  request.set_nonce(nonce.raw());
  request.set_total(context.chunks());
  made.request = request.SerializeAsString();
  v1::UploadHeader header;
  header.set_ctx_hash(context.hash.raw());
  header.set_nonce(nonce.raw());
  header.set_total(context.chunks());
  header.set_digest(digest.raw());
  header.add_tickets(crypto::ticket(helper, context.hash, keys.id, nonce, digest).raw());
  made.header = header.SerializeAsString();
  return made;
}

void Forger::send(const Upload& upload) {
  send_as(keys.id, upload);
}

void Forger::send_as(const DeviceId& device, const Upload& upload) {
  const auto say = [&](wire::UpKind kind, const std::string& payload) {
    broker_.publish(keys.id.hex(), wire::up_topic(device, kind), payload);
  };
  say(wire::UpKind::request, upload.request);
  world_.run(Span(20));
  for (const auto& frame : upload.frames) say(wire::UpKind::chunk, frame);
  world_.run(Span(20));
  say(wire::UpKind::header, upload.header);
  world_.run(Span(100));
}

}  // namespace tributary::sim
