// Certificates and certified keys: none verifies but the one that was issued, whatever is changed in it.
#include "device-protocol/cpp/certificate.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "tests/fuzz/chance.hpp"
#include "tests/fuzz/require.hpp"
#include "tests/fuzz/story.hpp"

namespace {

using namespace tributary;

struct World {
  World() {
    fuzz::seed_libsodium(1);
    const auto authority_key = crypto::SigningKey::random();
    const auto own = crypto::SigningKey::random();
    authority = crypto::verify_key(authority_key);
    v1::Certificate certificate;
    certificate.set_tenant("plant");
    certificate.set_subject_id(std::string(16, 's'));
    certificate.set_role(v1::ROLE_HELPER);
    certificate.set_public_key(crypto::verify_key(own).raw());
    certificate.set_operator_("acme");
    certificate.set_not_before(100);
    certificate.set_not_after(200);
    certificate.set_serial(7);
    v1::EpochKey epoch;
    epoch.set_subject_id(std::string(16, 's'));
    epoch.set_role(v1::ROLE_HELPER);
    epoch.set_epoch(3);
    epoch.set_public_key(crypto::exchange_key(crypto::ExchangeSecret::random()).raw());
    epoch.set_not_after(180);
    *key.mutable_certificate() =
        wire::sign_body("cert", certificate.SerializeAsString(), authority_key);
    *key.mutable_epoch_key() = wire::sign_body("epoch-key", epoch.SerializeAsString(), own);
  }

  VerifyKey authority;
  v1::CertifiedKey key;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  fuzz::Story story(data, size);
  const std::uint64_t now = story.byte();
  v1::CertifiedKey key;
  // Both bodies and the whole: a change inside a body leaves the rest as it was.
  key.ParseFromString(story.edited(world.key.SerializeAsString()));
  const wire::Expectation expected{world.authority, "plant", v1::ROLE_HELPER, now};
  const auto verified = wire::verify_certified_key(key, expected);
  if (const auto* fault = std::get_if<wire::CertificateFault>(&verified)) {
    fuzz::require(!wire::text_of(*fault).empty(), "a fault has words");
    return 0;
  }
  fuzz::require(key.certificate().body() == world.key.certificate().body(),
                "no other certificate verifies");
  fuzz::require(key.epoch_key().body() == world.key.epoch_key().body(),
                "no other epoch key verifies");
  fuzz::require(now == 0 || (now >= 100 && now <= 180), "nothing verifies out of its time");
  return 0;
}
