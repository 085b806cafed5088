// PROTOCOL.md 12 on the device: one key for a claim whatever fails, and only the authority's certificate counts.
#include <doctest/doctest.h>
#include <sodium.h>

#include <algorithm>

#include "crypto/hash.hpp"
#include "crypto/keys.hpp"
#include "device-protocol/cpp/claimed_key.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "device-protocol/ports/posix/posix.h"
#include "tributary/enrol.h"

using namespace tributary;

namespace {

DeviceId some_id(std::uint8_t value) {
  DeviceId id;
  id.bytes.fill(value);
  return id;
}

// The device's flash and network, and the gateway's answers.
struct Factory {
  Factory() {
    REQUIRE(sodium_init() >= 0);
    v1::ClaimIdentity claim;
    claim.set_tenant("acme");
    claim.set_device_id(device.raw());
    claim.set_gateway_id(gateway.raw());
    claim.set_claim_secret(std::string(32, 's'));
    claim.set_authority_key(crypto::verify_key(authority).raw());
    claim.set_coordinator_key(std::string(32, 'c'));
    claim.set_n_min_floor(7);
    records[TRIB_RECORD_CLAIM] = claim.SerializeAsString();
  }
  bool acts() { return actions++ != fail_at && !dead; }
  trib_port port();
  std::optional<v1::Claim> last() const {
    v1::Claim claim;
    if (sent.empty() || !claim.ParseFromString(sent.back())) return std::nullopt;
    return claim;
  }
  std::string certificate(const VerifyKey& key,
                          const std::function<void(v1::Certificate&)>& change = {}) const {
    v1::Certificate body;
    body.set_tenant("acme");
    body.set_subject_id(device.raw());
    body.set_role(v1::ROLE_DEVICE);
    body.set_public_key(key.raw());
    body.set_gateway_id(gateway.raw());
    body.set_not_after(1900000000);
    if (change) change(body);
    v1::ClaimAnswer answer;
    answer.set_state(v1::CLAIM_ACTIVE);
    *answer.mutable_certificate() = wire::sign_body("cert", body.SerializeAsString(), authority);
    return answer.SerializeAsString();
  }

  crypto::SigningKey authority = crypto::SigningKey::random();
  DeviceId device = some_id(0xd1);
  GatewayId gateway = *GatewayId::from(some_id(0x61).raw());
  std::map<int, std::string> records;
  std::vector<std::string> sent;
  std::string said_on, subscribed;
  std::uint64_t now_ms = 1000;
  int actions = 0;
  int fail_at = -1;
  bool dead = false;
};

Factory& of(void* user) {
  return *static_cast<Factory*>(user);
}

trib_port Factory::port() {
  trib_port port{};
  port.user = this;
  port.crypto = &trib_posix_crypto;
  port.storage.load = [](void* user, trib_record record, size_t offset, void* out, size_t capacity,
                         size_t* size) {
    const auto at = of(user).records.find(record);
    *size = 0;
    if (at == of(user).records.end()) return TRIB_NOT_FOUND;
    if (offset < at->second.size()) *size = std::min(capacity, at->second.size() - offset);
    std::copy_n(at->second.data() + offset, *size, static_cast<char*>(out));
    return TRIB_OK;
  };
  port.storage.save = [](void* user, trib_record record, const void* head, size_t head_size,
                         const void*, size_t) {
    if (!of(user).acts()) return TRIB_STORAGE;
    of(user).records[record] = std::string(static_cast<const char*>(head), head_size);
    return TRIB_OK;
  };
  port.storage.erase = [](void* user, trib_record record) {
    if (!of(user).acts()) return TRIB_STORAGE;
    of(user).records.erase(record);
    return TRIB_OK;
  };
  port.monotonic_ms = [](void* user) { return of(user).now_ms; };
  port.unix_seconds = [](void*) { return std::uint64_t{0}; };
  port.random = trib_posix_random;
  port.publish = [](void* user, const char* topic, const void* payload, size_t size) {
    if (!of(user).acts()) return TRIB_NOT_CONNECTED;
    of(user).said_on = topic;
    of(user).sent.emplace_back(static_cast<const char*>(payload), size);
    return TRIB_OK;
  };
  port.subscribe = [](void* user, const char* topic) {
    of(user).subscribed = topic;
    return TRIB_OK;
  };
  port.unsubscribe = [](void*, const char*) { return TRIB_OK; };
  return port;
}

trib_status start(Factory& factory, trib_enrolment& enrolment) {
  const trib_port port = factory.port();
  return trib_enrol_start(&enrolment, &port, trib_posix_ed25519_public);
}

// The key the device claims with; it has published once.
VerifyKey claimed(Factory& factory, trib_enrolment& enrolment) {
  REQUIRE(start(factory, enrolment) == TRIB_OK);
  REQUIRE(trib_enrol_connected(&enrolment) == TRIB_OK);
  std::uint32_t wait = 0;
  REQUIRE(trib_enrol_turn(&enrolment, &wait) == TRIB_OK);
  REQUIRE(factory.last());
  return *wire::claimed_key(factory.device, factory.last()->request().SerializeAsString());
}

trib_status answer(trib_enrolment& enrolment, Factory& factory, const std::string& payload) {
  return trib_enrol_message(&enrolment, factory.subscribed.c_str(), payload.data(), payload.size());
}

}  // namespace

TEST_CASE("a claim is signed by the key it names, and shows the claim secret") {
  Factory factory;
  trib_enrolment enrolment;
  claimed(factory, enrolment);
  const std::string root = "tributary/v1/claim/claim-" + factory.device.hex();
  CHECK(factory.said_on == root + "/up");
  CHECK(factory.subscribed == root + "/down");
  const auto key = crypto::kdf(view_of(std::string(32, 's')), "claim-key", {});
  const auto mac = crypto::mac16(key, "claim", {view_of(factory.last()->request().body())});
  CHECK(factory.last()->mac() == mac.raw());
  char user[TRIB_CLAIM_USER_BYTES];
  unsigned char psk[TRIB_KEY_BYTES];
  REQUIRE(trib_enrol_mqtt_identity(&enrolment, user, psk) == TRIB_OK);
  CHECK(std::string(user) == "claim-" + factory.device.hex());
  CHECK(psk[0] == 's');
}

TEST_CASE("the identity holds the certificate, the floors and a broker key that never travelled") {
  Factory factory;
  trib_enrolment enrolment;
  const auto key = claimed(factory, enrolment);
  CHECK(answer(enrolment, factory, factory.certificate(key)) == TRIB_OK);
  CHECK(trib_enrol_done(&enrolment));
  v1::DeviceIdentity identity;
  REQUIRE(identity.ParseFromString(factory.records.at(TRIB_RECORD_IDENTITY)));
  CHECK(identity.n_min_floor() == 7);
  CHECK(identity.coordinator_key() == std::string(32, 'c'));
  const auto seed = crypto::SigningKey::from(view_of(identity.identity_seed()));
  CHECK(crypto::verify_key(*seed) == key);
  const auto psk =
      crypto::kdf(view_of(std::string(32, 's')), "mqtt-psk", {factory.device.view(), key.view()});
  CHECK(std::ranges::equal(view_of(identity.mqtt_psk()), psk));
  CHECK_FALSE(factory.records.contains(TRIB_RECORD_CLAIM));
  CHECK_FALSE(factory.records.contains(TRIB_RECORD_ENROLMENT));
  CHECK(start(factory, enrolment) == TRIB_NOT_FOUND);
}

TEST_CASE(
    "attack: a certificate of another signer, key, device, gateway, tenant or role is refused") {
  Factory factory;
  trib_enrolment enrolment;
  const auto key = claimed(factory, enrolment);
  const auto other = crypto::verify_key(crypto::SigningKey::random());
  CHECK(answer(enrolment, factory, factory.certificate(other)) == TRIB_BAD_CONTEXT);
  const std::function<void(v1::Certificate&)> changes[] = {
      [](auto& c) { c.set_subject_id(std::string(16, 'x')); },
      [](auto& c) { c.set_gateway_id(std::string(16, 'x')); },
      [](auto& c) { c.set_gateway_id(""); }, [](auto& c) { c.set_tenant("acne"); },
      [](auto& c) { c.set_role(v1::ROLE_GATEWAY); }};
  for (const auto& change : changes) {
    CHECK(answer(enrolment, factory, factory.certificate(key, change)) == TRIB_BAD_CONTEXT);
  }
  Factory stranger;
  CHECK(answer(enrolment, factory, stranger.certificate(key)) == TRIB_BAD_SIGNATURE);
  CHECK(answer(enrolment, factory, "\xff") == TRIB_MALFORMED);
  CHECK(trib_enrol_message(&enrolment, "tributary/v1/claim/x/down", "", 0) == TRIB_STALE);
  CHECK_FALSE(trib_enrol_done(&enrolment));
  CHECK_FALSE(factory.records.contains(TRIB_RECORD_IDENTITY));
}

TEST_CASE(
    "a claim is repeated with growing waits, at the gateway's pace, and rarely once refused") {
  Factory factory;
  trib_enrolment enrolment;
  claimed(factory, enrolment);
  std::uint32_t wait = 0;
  std::vector<std::uint32_t> waits;
  for (int i = 0; i < 8; ++i) {
    trib_enrol_turn(&enrolment, &wait);
    waits.push_back(wait);
    factory.now_ms += wait;
  }
  CHECK(waits.front() == 2000);
  CHECK(waits.back() == 64000);
  v1::ClaimAnswer pending;
  pending.set_state(v1::CLAIM_PENDING);
  pending.set_retry_after_seconds(5);
  CHECK(answer(enrolment, factory, pending.SerializeAsString()) == TRIB_OK);
  trib_enrol_turn(&enrolment, &wait);
  CHECK(wait == 5000);
  v1::ClaimAnswer refused;
  refused.set_state(v1::CLAIM_REFUSED);
  refused.set_reason(v1::CLAIM_NOT_LISTED);
  CHECK(answer(enrolment, factory, refused.SerializeAsString()) == TRIB_REFUSED);
  trib_enrol_turn(&enrolment, &wait);
  CHECK(wait == 3600000);
}

TEST_CASE(
    "a refused write or a power cut at any action: the same key claims, and in the end it is "
    "enrolled") {
  for (const bool cut : {false, true}) {
    for (int at = 0; at < 12; ++at) {
      CAPTURE(cut);
      CAPTURE(at);
      Factory factory;
      factory.fail_at = at;
      std::set<std::string> keys;
      for (int boot = 0; boot < 4 && !factory.records.contains(TRIB_RECORD_IDENTITY); ++boot) {
        trib_enrolment enrolment;
        if (start(factory, enrolment) == TRIB_OK && trib_enrol_connected(&enrolment) == TRIB_OK) {
          std::uint32_t wait = 0;
          trib_enrol_turn(&enrolment, &wait);
          if (factory.last()) {
            const auto key =
                *wire::claimed_key(factory.device, factory.last()->request().SerializeAsString());
            keys.insert(key.raw());
            answer(enrolment, factory, factory.certificate(key));
          }
        }
        if (cut && factory.actions > at) factory.fail_at = -1;
      }
      CHECK(keys.size() == 1);
      trib_enrolment again;
      CHECK(start(factory, again) == TRIB_NOT_FOUND);
      CHECK(factory.records.size() == 1);
    }
  }
}
