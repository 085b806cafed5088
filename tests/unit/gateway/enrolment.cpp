// Claims and the broker's files, PROTOCOL.md 12: who gets which answer, and whom the texts let in.
#include <doctest/doctest.h>

#include "crypto/hash.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "gateway/enrolment/claim.hpp"

using namespace tributary;
using namespace tributary::gateway::enrolment;

namespace {

DeviceId device(std::uint8_t value) {
  DeviceId id;
  id.bytes.fill(value);
  return id;
}

BrokerKey key(std::uint8_t value) {
  return *BrokerKey::from(ByteView(Bytes(32, value)));
}

struct Claimant {
  DeviceId id = device(7);
  crypto::SigningKey identity = crypto::SigningKey::random();
  BrokerKey secret = key(9);

  v1::Signed request() const {
    v1::ClaimRequest body;
    body.set_device_id(id.raw());
    body.set_public_key(crypto::verify_key(identity).raw());
    return wire::sign_body("claim", body.SerializeAsString(), identity);
  }
  std::string claim() const {
    v1::Claim claim;
    *claim.mutable_request() = request();
    const auto mac_key = crypto::kdf(secret.expose(), "claim-key", {});
    claim.set_mac(crypto::mac16(mac_key, "claim", {view_of(claim.request().body())}).raw());
    return claim.SerializeAsString();
  }
  std::string certificate() const {
    v1::Certificate body;
    body.set_public_key(crypto::verify_key(identity).raw());
    return wire::sign_body("cert", body.SerializeAsString(), identity).SerializeAsString();
  }
};

v1::ClaimRefusal refusal(const Judged& judged) {
  CHECK(judged.answer.state() == v1::CLAIM_REFUSED);
  CHECK_FALSE(judged.keep);
  return judged.answer.reason();
}

}  // namespace

TEST_CASE("a listed device's first claim is kept and pending, its certificate makes it active") {
  const Claimant claimant;
  Standing standing;
  standing.claim_secret = &claimant.secret;
  const auto first = judge(claimant.id, claimant.claim(), standing);
  CHECK(first.answer.state() == v1::CLAIM_PENDING);
  CHECK(first.answer.retry_after_seconds() > 0);
  REQUIRE(first.keep == claimant.request().SerializeAsString());
  standing.pending = first.keep;
  const auto again = judge(claimant.id, claimant.claim(), standing);
  CHECK(again.answer.state() == v1::CLAIM_PENDING);
  CHECK_FALSE(again.keep);
  standing.certificate = claimant.certificate();
  const auto active = judge(claimant.id, claimant.claim(), standing);
  CHECK(active.answer.state() == v1::CLAIM_ACTIVE);
  CHECK(active.answer.certificate().SerializeAsString() == claimant.certificate());
}

TEST_CASE("a claim is for one key, ever: before and after its certificate") {
  const Claimant first;
  Claimant second;
  Standing standing;
  standing.claim_secret = &first.secret;
  standing.pending = first.request().SerializeAsString();
  CHECK(refusal(judge(first.id, second.claim(), standing)) == v1::CLAIM_OTHER_KEY);
  standing.certificate = first.certificate();
  CHECK(refusal(judge(first.id, second.claim(), standing)) == v1::CLAIM_OTHER_KEY);
  standing.certificate = "damaged";
  CHECK(refusal(judge(first.id, first.claim(), standing)) == v1::CLAIM_OTHER_KEY);
}

TEST_CASE("attack: not listed, revoked, another secret, another signer, another device, garbage") {
  Claimant claimant;
  const BrokerKey other = key(1);
  Standing standing;
  CHECK(refusal(judge(claimant.id, claimant.claim(), standing)) == v1::CLAIM_NOT_LISTED);
  standing.claim_secret = &other;
  CHECK(refusal(judge(claimant.id, claimant.claim(), standing)) == v1::CLAIM_BAD_PROOF);
  standing.claim_secret = &claimant.secret;
  CHECK(refusal(judge(device(8), claimant.claim(), standing)) == v1::CLAIM_BAD_PROOF);
  v1::Claim forged;
  REQUIRE(forged.ParseFromString(claimant.claim()));
  forged.mutable_request()->mutable_signature()->back() ^= 1;
  CHECK(refusal(judge(claimant.id, forged.SerializeAsString(), standing)) == v1::CLAIM_BAD_PROOF);
  CHECK(refusal(judge(claimant.id, "\xff\xff", standing)) == v1::CLAIM_MALFORMED);
  CHECK(refusal(judge(claimant.id, "", standing)) == v1::CLAIM_BAD_PROOF);
  standing.revoked = true;
  CHECK(refusal(judge(claimant.id, claimant.claim(), standing)) == v1::CLAIM_REVOKED);
}

TEST_CASE("at most one claim a second is answered to a device, and 20 to a site") {
  ClaimRate rate;
  using std::chrono::milliseconds;
  CHECK(rate.take(device(1), milliseconds(0)));
  CHECK_FALSE(rate.take(device(1), milliseconds(999)));
  CHECK(rate.take(device(1), milliseconds(1000)));
  for (std::uint8_t i = 2; i < 2 + ClaimRate::site_per_second - 1; ++i) {
    CHECK(rate.take(device(i), milliseconds(1500)));
  }
  CHECK_FALSE(rate.take(device(100), milliseconds(1501)));
  CHECK(rate.take(device(100), milliseconds(2500)));
}

TEST_CASE("the psk file has a line for everybody who may connect, and none for a revoked device") {
  BrokerNames names;
  names.people.emplace("gateway", key(1));
  names.devices.emplace(device(2), key(2));
  names.claims.emplace(device(3), key(3));
  names.revoked.insert(device(4));
  CHECK(psk_text(names) == "gateway:" + to_hex(Bytes(32, 1)) + "\n" + device(2).hex() + ":" +
                               to_hex(Bytes(32, 2)) + "\nclaim-" + device(3).hex() + ":" +
                               to_hex(Bytes(32, 3)) + "\n");
  names.closing.emplace(device(4), key(5));
  CHECK(psk_text(names).find(device(4).hex() + ":" + to_hex(Bytes(32, 5))) != std::string::npos);
}

TEST_CASE(
    "the access list is what was shipped and denials; what does not open the gateway is no list") {
  const std::string shipped = "user gateway\ntopic readwrite tributary/v1/#\npattern read x/%u\n";
  BrokerNames names;
  names.claims.emplace(device(3), key(3));
  names.revoked.insert(device(4));
  const auto text = acl_text(shipped, names);
  REQUIRE(text);
  CHECK(text->starts_with(shipped));
  CHECK(text->find("user claim-" + device(3).hex() +
                   "\ntopic deny tributary/v1/site/#\ntopic deny tributary/v1/device/#\n") !=
        std::string::npos);
  CHECK(text->ends_with("user " + device(4).hex() + "\ntopic deny #\n"));
  CHECK_FALSE(acl_text("", names));
  CHECK_FALSE(acl_text("pattern readwrite #\n", names));
}

TEST_CASE("keys are 64 digits; a psk file that is not wholly well-formed gives none") {
  CHECK(read_key(to_hex(Bytes(32, 1)) + "\n"));
  for (const std::string& text :
       {std::string(), std::string("\n"), to_hex(Bytes(31, 1)), to_hex(Bytes(33, 1)),
        std::string(64, 'g'), to_hex(Bytes(32, 1)) + " "}) {
    CAPTURE(text);
    CHECK_FALSE(read_key(text));
  }
  const std::string good = "gateway:" + to_hex(Bytes(32, 1)) + "\n" + device(2).hex() + ":" +
                           to_hex(Bytes(32, 2)) + "\n";
  CHECK(keys_in(good).size() == 1);
  CHECK(keys_in(good + "torn:00").empty());
  CHECK(keys_in(good + "no colon\n").empty());
}

TEST_CASE("a device's broker key depends on secret, id and key") {
  const auto public_key = crypto::verify_key(crypto::SigningKey::random());
  const auto one = to_hex(broker_key(key(1), device(1), public_key).expose());
  CHECK(one == to_hex(broker_key(key(1), device(1), public_key).expose()));
  CHECK(one != to_hex(broker_key(key(2), device(1), public_key).expose()));
  CHECK(one != to_hex(broker_key(key(1), device(2), public_key).expose()));
  CHECK(one !=
        to_hex(broker_key(key(1), device(1), crypto::verify_key(crypto::SigningKey::random()))
                   .expose()));
}
