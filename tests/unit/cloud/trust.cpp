// Trust in words: what the coordinator believes of certificates, and what it tells the operator.
#include "cloud/round/trust.hpp"

#include <doctest/doctest.h>

#include "cloud/round/credentials.hpp"
#include "device-protocol/cpp/certificate.hpp"

using namespace tributary;
using namespace tributary::cloud::round;

namespace {

bool says(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

// A party certified by an authority of this test, until 1000 and with an epoch key until 900.
struct Certified {
  crypto::SigningKey authority = crypto::SigningKey::random();
  crypto::SigningKey identity = crypto::SigningKey::random();
  v1::Certificate certificate;
  v1::EpochKey epoch;

  explicit Certified(v1::Role role) {
    certificate.set_tenant("plant");
    certificate.set_subject_id(std::string(16, 's'));
    certificate.set_role(role);
    certificate.set_public_key(crypto::verify_key(identity).raw());
    certificate.set_operator_("plant-1");
    certificate.set_not_before(100);
    certificate.set_not_after(1000);
    epoch.set_subject_id(std::string(16, 's'));
    epoch.set_role(role);
    epoch.set_epoch(3);
    epoch.set_public_key(std::string(32, 'x'));
    epoch.set_not_after(900);
  }
  v1::CertifiedKey key() const {
    v1::CertifiedKey key;
    const auto sign = [](v1::Signed& message, const crypto::SigningKey& by, std::string_view label,
                         const std::string& body) {
      message.set_body(body);
      message.set_signature(
          crypto::sign(by, label, crypto::hash(label, {view_of(message.body())})).raw());
    };
    sign(*key.mutable_certificate(), authority, "cert", certificate.SerializeAsString());
    sign(*key.mutable_epoch_key(), identity, "epoch-key", epoch.SerializeAsString());
    return key;
  }
  std::variant<CertifiedParty, std::string> verified(v1::Role role, std::uint64_t now = 500) const {
    return verify_party(key(), role, {crypto::verify_key(authority), "plant"}, now);
  }
};

std::string fault_of(const std::variant<CertifiedParty, std::string>& verified) {
  const auto* fault = std::get_if<std::string>(&verified);
  return fault == nullptr ? std::string{} : *fault;
}

}  // namespace

TEST_CASE("a certified party is known by what both of its signatures say") {
  const Certified gateway(v1::ROLE_GATEWAY);
  const auto party = std::get<CertifiedParty>(gateway.verified(v1::ROLE_GATEWAY));
  CHECK(party.operated_by == "plant-1");
  CHECK(party.identity == crypto::verify_key(gateway.identity));
  CHECK(party.epoch == 3);
  CHECK(party.not_after == 900);
}

TEST_CASE("what is wrong with a certificate is said of its role, with what to do") {
  Certified helper(v1::ROLE_HELPER);
  CHECK(says(fault_of(helper.verified(v1::ROLE_GATEWAY)),
             "the gateway's certificate is of another role"));
  CHECK(says(fault_of(helper.verified(v1::ROLE_HELPER, 99)),
             "the helper's certificate is not valid yet"));
  CHECK(says(fault_of(helper.verified(v1::ROLE_HELPER, 901)), "has expired; renew it"));
  CHECK(fault_of(helper.verified(v1::ROLE_HELPER, 900)).empty());
  helper.epoch.set_epoch(0);
  CHECK(says(fault_of(helper.verified(v1::ROLE_HELPER)), "epoch key that is not its subject's"));
  helper.epoch.set_epoch(1);
  helper.certificate.set_tenant("another");
  CHECK(says(fault_of(helper.verified(v1::ROLE_HELPER)), "of another tenant"));
  helper.certificate.set_tenant("plant");
  helper.certificate.set_public_key("short");
  CHECK(says(fault_of(helper.verified(v1::ROLE_HELPER)), "field of the wrong size"));
  helper.certificate.set_public_key(crypto::verify_key(helper.identity).raw());
  helper.certificate.clear_operator_();
  CHECK(says(fault_of(helper.verified(v1::ROLE_HELPER)), "names no operator"));
  helper.authority = crypto::SigningKey::random();
  const auto stranger = verify_party(helper.key(), v1::ROLE_HELPER, {VerifyKey{}, "plant"}, 500);
  CHECK(says(fault_of(stranger), "not signed by the fleet authority"));
}

TEST_CASE(
    "trust words: of several helpers every one is named, of unknown operators that they are") {
  const Party a{"site-a", "plant-1"}, b{"site-b", "plant-2"}, c{"site-c", std::nullopt};
  CHECK(says(trust_words({{a, {b, c}}}),
             "site-b (operator plant-2) and at site-c (operator not known yet)"));
}

TEST_CASE("trust words: a wider scope is said once, with all of its gateways") {
  const Party a{"site-a", "plant-1"}, b{"site-b", "plant-2"}, c{"site-c", "plant-3"};
  const auto words = trust_words({{a, {b}, "north"}, {b, {a}, "north"}, {c, {a}, "south"}});
  CHECK(says(words, "scope north (site-a, site-b) the coordinator sees the total only"));
  CHECK(says(words, "sum. Of the gateways of scope south (site-c) "));
  CHECK(says(words, "sum. To read one update sent to gateway site-a"));
}

TEST_CASE(
    "trust words: of mode pairwise the share that must collude, and the group once there is one") {
  const Party a{"site-a", "plant-1"};
  PairwiseSpec spec;
  spec.corrupt_millionths = 125'000;
  const auto before = trust_words({{a, {}, std::nullopt, DeviceMasks{spec, std::nullopt}}});
  CHECK(says(before, "more than 12.5 % of the devices"));
  CHECK(says(before, "taken to follow the protocol"));
  CHECK(says(before, "not grouped yet"));
  spec.gateway = pairwise::GatewayModel::active;
  const auto after =
      trust_words({{a, {}, std::nullopt, DeviceMasks{spec, GroupPlan{40, 12, 8, 30, 21}}}});
  CHECK(says(after, "even if it tells different devices different things"));
  CHECK(says(after, "Of 40 devices each masks with 12 others, 8 of whom"));
  CHECK(says(after, "21 of 30 witnesses"));
}
