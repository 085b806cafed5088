// What gateways and helpers say about a round: every check has a statement that fails at it, and at it only.
#include "cloud/round/statements.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "crypto/upload.hpp"

using namespace tributary;
using namespace tributary::cloud::round;

namespace {

template <class Value>
Value filled(std::uint8_t number) {
  Value value;
  value.bytes.fill(number);
  return value;
}

const Hash ctx_hash = filled<Hash>(7);

// Two helpers, 2 to 4 devices, words of 10 bytes with the metrics and canaries.
ContextReading context() {
  ContextReading reading{};
  reading.helpers = {filled<HelperId>(100), filled<HelperId>(101)};
  reading.encoding.bits = crypto::RingBits::b16;
  reading.encoding.parameters = 1;
  reading.encoding.canary_words = 1;
  reading.n_min = 2;
  reading.n_max = 4;
  return reading;
}

struct Fixture {
  ContextReading reading = context();
  StatedRound round{ctx_hash, reading};
  crypto::SigningKey key = crypto::SigningKey::from(Hash{}.view()).value();
  VerifyKey identity = crypto::verify_key(key);
};

void name_survivors(v1::GatewaySum& message) {
  std::vector<crypto::SurvivorEntry> entries;
  for (const auto& survivor : message.survivors()) {
    entries.push_back({DeviceId::from(survivor.device_id()).value(),
                       Nonce::from(survivor.nonce()).value(),
                       Hash::from(survivor.digest()).value()});
  }
  message.set_survivors_hash(crypto::survivors_hash(ctx_hash, entries).value().raw());
}

v1::GatewaySum gateway_sum(std::uint8_t survivors = 3) {
  v1::GatewaySum message;
  message.set_ctx_hash(ctx_hash.raw());
  for (std::uint8_t i = 1; i <= survivors; ++i) {
    auto& survivor = *message.add_survivors();
    survivor.set_device_id(filled<DeviceId>(i).raw());
    survivor.set_nonce(filled<Nonce>(i).raw());
    survivor.set_digest(filled<Hash>(i).raw());
  }
  name_survivors(message);
  for (int helper = 0; helper < 2; ++helper) {
    message.add_tickets()->set_tickets(std::string(std::size_t{survivors} * 16, 't'));
  }
  message.set_words(std::string(10, 'w'));
  return message;
}

v1::MaskSum mask_sum() {
  v1::MaskSum message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_survivors_hash(filled<Hash>(9).raw());
  message.set_helper_id(filled<HelperId>(101).raw());
  message.set_sealed("sealed");
  return message;
}

v1::MaskRefusal refusal() {
  v1::MaskRefusal message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_survivors_hash(filled<Hash>(9).raw());
  message.set_helper_id(filled<HelperId>(100).raw());
  message.set_reason(v1::HELPER_REFUSAL_BAD_TICKET);
  message.add_device_ids(filled<DeviceId>(1).raw());
  message.add_device_ids(filled<DeviceId>(3).raw());
  return message;
}

template <class Message>
std::string fault_of(const Message& message) {
  const Fixture at;
  const auto read = read_statement(message, at.round);
  const auto* fault = std::get_if<std::string>(&read);
  return fault == nullptr ? std::string{} : *fault;
}

template <class Message>
struct Damage {
  const char* words;  // of the fault
  std::function<void(Message&)> make;
};

}  // namespace

TEST_CASE("a gateway's sum is read: who is in it, and what names all that was said") {
  const Fixture at;
  for (const auto count : {std::uint8_t{2}, std::uint8_t{4}}) {  // n_min and n_max themselves
    const auto message = gateway_sum(count);
    const auto sum = std::get<SumGiven>(read_statement(message, at.round));
    CHECK(sum.survivors.size() == count);
    CHECK(sum.survivors.back() == filled<DeviceId>(count));
    CHECK(sum.survivors_hash.raw() == message.survivors_hash());
    auto other = message;
    other.set_words(std::string(10, 'x'));
    CHECK(std::get<SumGiven>(read_statement(other, at.round)).statement != sum.statement);
  }
}

TEST_CASE("C1: a gateway's sum that is not of its context is refused by what differs") {
  const Damage<v1::GatewaySum> damages[] = {
      {"ctx_hash in the body", [](auto& m) { m.set_ctx_hash(filled<Hash>(8).raw()); }},
      {"1 survivors are not within n_min 2", [](auto& m) { m = gateway_sum(1); }},
      {"5 survivors are not within n_min 2 to n_max 4", [](auto& m) { m = gateway_sum(5); }},
      {"words are 8 bytes, the context needs 10", [](auto& m) { m.mutable_words()->resize(8); }},
      {"one list of tickets per helper", [](auto& m) { m.mutable_tickets()->RemoveLast(); }},
      {"16 bytes per survivor",
       [](auto& m) { m.mutable_tickets(1)->mutable_tickets()->pop_back(); }},
      {"id, nonce or digest", [](auto& m) { m.mutable_survivors(0)->set_device_id("short"); }},
      {"id, nonce or digest", [](auto& m) { m.mutable_survivors(1)->set_nonce("short"); }},
      {"id, nonce or digest", [](auto& m) { m.mutable_survivors(2)->set_digest("short"); }},
      {"strictly ascending", [](auto& m) { m.mutable_survivors()->SwapElements(0, 1); }},
      {"strictly ascending", [](auto& m) { *m.mutable_survivors(1) = m.survivors(0); }},
      {"not the hash of the survivors", [](auto& m) { m.mutable_survivors_hash()->back() ^= 1; }},
      {"not the hash of the survivors",
       [](auto& m) { m.mutable_survivors(1)->mutable_digest()->back() ^= 1; }},
  };
  REQUIRE(fault_of(gateway_sum()).empty());
  for (const auto& damage : damages) {
    auto message = gateway_sum();
    damage.make(message);
    CAPTURE(damage.words);
    CHECK(fault_of(message).find(damage.words) != std::string::npos);
  }
}

TEST_CASE("C1: both signatures of a gateway's sum are its certificate's key's") {
  Fixture at;
  auto message = gateway_sum();
  const auto sum = std::get<SumGiven>(read_statement(message, at.round));
  const auto request = crypto::hash("sum-request", {ctx_hash.view(), sum.survivors_hash.view()});
  message.set_request_signature(crypto::sign(at.key, "sum-request", request).raw());
  message.set_signature(crypto::sign(at.key, "sum", sum.statement).raw());
  CHECK(signature_fault(message, at.round, sum, at.identity).empty());
  CHECK(signature_fault(message, at.round, sum, filled<VerifyKey>(1)).find("'sum-request'") !=
        std::string::npos);
  auto swapped = message;
  swapped.set_signature(message.request_signature());
  CHECK(signature_fault(swapped, at.round, sum, at.identity).find("'sum'") != std::string::npos);
  swapped.set_signature("short");
  CHECK(signature_fault(swapped, at.round, sum, at.identity).find("'sum'") != std::string::npos);
}

TEST_CASE("a helper's mask sum is read, and its signature covers every field") {
  Fixture at;
  auto message = mask_sum();
  const auto mask = std::get<MaskGiven>(read_statement(message, at.round));
  CHECK(mask.helper == filled<HelperId>(101));
  CHECK(mask.survivors_hash == filled<Hash>(9));
  message.set_signature(crypto::sign(at.key, "mask-sum", mask.statement).raw());
  CHECK(signature_fault(message, at.round, mask, at.identity).empty());
  message.set_sealed("sealee");
  const auto other = std::get<MaskGiven>(read_statement(message, at.round));
  CHECK(signature_fault(message, at.round, other, at.identity).find("'mask-sum'") !=
        std::string::npos);
}

TEST_CASE("C1: a helper's statement that is not of its context is refused by what differs") {
  const Damage<v1::MaskSum> damages[] = {
      {"ctx_hash in the body", [](auto& m) { m.set_ctx_hash(filled<Hash>(8).raw()); }},
      {"survivors_hash or helper_id", [](auto& m) { m.set_survivors_hash("short"); }},
      {"survivors_hash or helper_id", [](auto& m) { m.set_helper_id("short"); }},
      {"is not in the context", [](auto& m) { m.set_helper_id(filled<HelperId>(102).raw()); }},
  };
  for (const auto& damage : damages) {
    auto message = mask_sum();
    damage.make(message);
    CAPTURE(damage.words);
    CHECK(fault_of(message).find(damage.words) != std::string::npos);
  }
  auto refused = refusal();
  refused.set_helper_id(filled<HelperId>(102).raw());
  CHECK(fault_of(refused).find("is not in the context") != std::string::npos);
  refused = refusal();
  refused.add_device_ids("short");
  CHECK(fault_of(refused).find("device id has a wrong length") != std::string::npos);
}

TEST_CASE("a refusal is read with its devices, and its signature covers reason and devices") {
  Fixture at;
  auto message = refusal();
  const auto refused = std::get<Refused>(read_statement(message, at.round));
  CHECK(refused.devices == std::vector{filled<DeviceId>(1), filled<DeviceId>(3)});
  CHECK(refused.reason == "a device's ticket does not verify");
  message.set_signature(crypto::sign(at.key, "mask-refusal", refused.statement).raw());
  CHECK(signature_fault(message, at.round, refused, at.identity).empty());
  auto other = message;
  other.set_reason(v1::HELPER_REFUSAL_BAD_DEVICE);
  const auto reason = std::get<Refused>(read_statement(other, at.round));
  CHECK_FALSE(signature_fault(other, at.round, reason, at.identity).empty());
  other = message;
  other.mutable_device_ids()->RemoveLast();
  const auto fewer = std::get<Refused>(read_statement(other, at.round));
  CHECK_FALSE(signature_fault(other, at.round, fewer, at.identity).empty());
}

TEST_CASE("a gateway that gave up: its reason is bounded and printable, its count is signed") {
  Fixture at;
  v1::GatewayAbandon message;
  message.set_ctx_hash(ctx_hash.raw());
  message.set_count(3);
  message.set_reason("too\nfew\x7f~ " + std::string(300, 'x'));
  const auto gave_up = std::get<GaveUp>(read_statement(message, at.round));
  CHECK(gave_up.reason == "too?few?~ " + std::string(190, 'x') + " (3 contributions)");
  message.set_signature(crypto::sign(at.key, "abandon", gave_up.statement).raw());
  CHECK(signature_fault(message, at.round, gave_up, at.identity).empty());
  message.set_count(4);
  const auto other = std::get<GaveUp>(read_statement(message, at.round));
  CHECK_FALSE(signature_fault(message, at.round, other, at.identity).empty());
  message.set_ctx_hash(filled<Hash>(8).raw());
  CHECK(fault_of(message).find("ctx_hash in the body") != std::string::npos);
}

TEST_CASE("every reason to refuse has its own words") {
  std::set<std::string> words;
  for (int reason = v1::HelperRefusal_MIN; reason <= v1::HelperRefusal_MAX; ++reason) {
    words.insert(refusal_words(static_cast<v1::HelperRefusal>(reason)));
  }
  CHECK(words.size() == v1::HelperRefusal_MAX + 1);
  CHECK(refusal_words(static_cast<v1::HelperRefusal>(99)) == "no reason given");
}
