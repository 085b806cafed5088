// The servers' view of the protocol: topics, frames, signatures, certificates, contexts.
#include <doctest/doctest.h>
#include <sodium.h>

#include <functional>
#include <limits>

#include "device-protocol/cpp/certificate.hpp"
#include "device-protocol/cpp/context.hpp"
#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/signed.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "tests/unit/device/wire_context.hpp"

using namespace tributary;
using namespace tributary::wire;
using tributary::tests::good_context;

namespace {

template <class Id>
Id filled(std::uint8_t value) {
  Id id;
  id.bytes.fill(value);
  return id;
}

const std::string device_hex = "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1";

// An authority, a gateway certified by it, and what a reader expects of it.
struct Party {
  crypto::SigningKey authority = crypto::SigningKey::random();
  crypto::SigningKey key = crypto::SigningKey::random();
  v1::Certificate certificate;
  v1::EpochKey epoch;

  Party() {
    certificate.set_tenant("acme");
    certificate.set_subject_id(std::string(16, 'g'));
    certificate.set_role(v1::ROLE_GATEWAY);
    certificate.set_public_key(crypto::verify_key(key).raw());
    certificate.set_operator_("plant-1");
    certificate.set_not_before(1000);
    certificate.set_not_after(5000);
    epoch.set_subject_id(std::string(16, 'g'));
    epoch.set_role(v1::ROLE_GATEWAY);
    epoch.set_epoch(3);
    epoch.set_public_key(std::string(32, 'x'));
    epoch.set_not_after(4000);
  }
  v1::CertifiedKey signed_key() const {
    v1::CertifiedKey result;
    *result.mutable_certificate() = sign_body("cert", certificate.SerializeAsString(), authority);
    *result.mutable_epoch_key() = sign_body("epoch-key", epoch.SerializeAsString(), key);
    return result;
  }
  Expectation expected(std::uint64_t now) const {
    return {crypto::verify_key(authority), "acme", v1::ROLE_GATEWAY, now};
  }
  std::optional<CertificateFault> fault(std::uint64_t now = 2000) const {
    const auto verified = verify_certified_key(signed_key(), expected(now));
    const auto* fault = std::get_if<CertificateFault>(&verified);
    return fault == nullptr ? std::nullopt : std::optional(*fault);
  }
};

}  // namespace

TEST_CASE("topics are built and read back; every other spelling is refused") {
  const auto device = filled<DeviceId>(0xd1);
  for (const auto kind : {UpKind::hello, UpKind::request, UpKind::chunk, UpKind::header}) {
    CHECK(parse_up_topic(up_topic(device, kind)) == UpTopic{device, kind});
  }
  const std::string root = "tributary/v1/device/" + device_hex;
  CHECK(up_topic(device, UpKind::hello) == root + "/up/hello");
  CHECK(down_topic(device, DownKind::receipt) == root + "/down/receipt");
  CHECK(offer_topic(filled<TaskId>(0x01)) ==
        "tributary/v1/site/offer/01010101010101010101010101010101");
  CHECK(model_topic(filled<Hash>(0xab), 12).ends_with("abab/12"));
  std::string upper = root + "/up/hello";
  upper[20] = 'D';
  for (const std::string& bad :
       {std::string(), root, root + "/up", root + "/up/", root + "/up/hello/", root + "/up/hellO",
        root + "/down/hello", root + "0/up/hello", "x" + root + "/up/hello", upper,
        "tributary/v1/device/" + device_hex.substr(2) + "/up/hello"}) {
    CHECK_MESSAGE(!parse_up_topic(bad), bad);
  }
}

TEST_CASE("frames are the device library's") {
  const Bytes sealed(17, 9);
  const UploadChunk chunk{frame_tag(filled<Hash>(3)), filled<Nonce>(4), 1, 2, sealed};
  const Bytes frame = upload_chunk(chunk);
  const auto parsed = parse_upload_chunk(frame);
  REQUIRE(parsed);
  CHECK(parsed->ctx_tag == chunk.ctx_tag);
  CHECK(parsed->nonce == chunk.nonce);
  CHECK(parsed->index == 1);
  CHECK(parsed->total == 2);
  CHECK(Bytes(parsed->sealed.begin(), parsed->sealed.end()) == sealed);
  CHECK_FALSE(parse_upload_chunk(ByteView(frame).first(52)));
  CHECK_FALSE(parse_model_chunk(frame));
  const ModelChunk model{frame_tag(filled<Hash>(5)), 0, 1, ByteView(sealed).first(1)};
  const auto again = parse_model_chunk(model_chunk(model));
  REQUIRE(again);
  CHECK(again->model_tag == model.model_tag);
  CHECK(again->payload.size() == 1);
  CHECK_FALSE(parse_model_chunk(Bytes{}));
}

TEST_CASE("a certified key is accepted, or the first broken rule is named") {
  REQUIRE(sodium_init() >= 0);
  const Party good;
  const auto verified = verify_certified_key(good.signed_key(), good.expected(2000));
  REQUIRE(std::holds_alternative<VerifiedKey>(verified));
  const auto& key = std::get<VerifiedKey>(verified);
  CHECK(key.epoch == 3);
  CHECK(key.not_after == 4000);
  CHECK(key.certificate.operated_by == "plant-1");
  using Fault = CertificateFault;
  struct Row {
    Fault fault;
    std::function<void(Party&)> change;
  };
  for (const auto& [fault, change] : std::vector<Row>{
           {Fault::wrong_tenant, [](Party& p) { p.certificate.set_tenant("other"); }},
           {Fault::wrong_role, [](Party& p) { p.certificate.set_role(v1::ROLE_HELPER); }},
           {Fault::malformed, [](Party& p) { p.certificate.set_subject_id("short"); }},
           {Fault::malformed, [](Party& p) { p.certificate.set_public_key("short"); }},
           {Fault::malformed, [](Party& p) { p.certificate.set_gateway_id(std::string(16, 'g')); }},
           {Fault::bad_epoch_key, [](Party& p) { p.epoch.set_subject_id(std::string(16, 'o')); }},
           {Fault::bad_epoch_key, [](Party& p) { p.epoch.set_role(v1::ROLE_HELPER); }},
           {Fault::bad_epoch_key, [](Party& p) { p.epoch.set_epoch(0); }},
           {Fault::bad_epoch_key, [](Party& p) { p.epoch.set_public_key("short"); }},
           {Fault::bad_epoch_key, [](Party& p) { p.key = crypto::SigningKey::random(); }}}) {
    Party party;
    change(party);
    CHECK(party.fault() == fault);
    CHECK_FALSE(text_of(fault).empty());
  }
  CHECK(good.fault(999) == Fault::not_yet_valid);
  CHECK(good.fault(4001) == Fault::expired);
  CHECK(good.fault(5001) == Fault::expired);
  CHECK(good.fault(0) == std::nullopt);
  auto expected = good.expected(2000);
  expected.authority = crypto::verify_key(good.key);
  const auto foreign = verify_certified_key(good.signed_key(), expected);
  CHECK(std::get<Fault>(foreign) == Fault::bad_signature);
}

TEST_CASE("a signature holds for its label, its bytes and its key alone") {
  REQUIRE(sodium_init() >= 0);
  const auto key = crypto::SigningKey::random();
  v1::Signed message = sign_body("void", "body", key);
  CHECK(verify_body("void", message, crypto::verify_key(key)));
  CHECK_FALSE(verify_body("cert", message, crypto::verify_key(key)));
  CHECK_FALSE(verify_body("void", message, crypto::verify_key(crypto::SigningKey::random())));
  message.set_body("bodz");
  CHECK_FALSE(verify_body("void", message, crypto::verify_key(key)));
  message.set_signature("short");
  CHECK_FALSE(verify_body("void", message, crypto::verify_key(key)));
}

TEST_CASE("a context is typed, and knows its chunks") {
  const std::string bytes = good_context().SerializeAsString();
  const auto parsed = parse_context(bytes);
  REQUIRE(std::holds_alternative<Context>(parsed));
  const auto& context = std::get<Context>(parsed);
  CHECK(context.hash == crypto::hash("ctx", {view_of(bytes)}));
  CHECK(context.encoding.words() == 15);
  CHECK(context.upload_bytes() == 60);
  CHECK(context.chunks() == 2);
  CHECK(context.bytes_of_chunk(0) == 48);
  CHECK(context.bytes_of_chunk(1) == 12);
  CHECK(context.helpers.at(0).epoch == 2);
}

TEST_CASE("a scope wider than a gateway is read with its id") {
  auto context = good_context();
  context.set_minimum_reader_version(4);
  context.set_scope(v1::SCOPE_GLOBAL);
  const auto id = scope_id(*TaskId::from(context.task_id()), "global");
  context.set_scope_id(id.raw());
  const auto parsed = parse_context(context.SerializeAsString());
  REQUIRE(std::holds_alternative<Context>(parsed));
  CHECK(std::get<Context>(parsed).scope_id == id);
  CHECK_FALSE(std::get<Context>(parse_context(good_context().SerializeAsString())).scope_id);
}

TEST_CASE("a context that breaks a limit is refused by the name of its field") {
  struct Row {
    const char* names;
    std::function<void(v1::RoundContext&)> change;
  };
  for (const auto& [names, change] : std::vector<Row>{
           {"minimum_reader_version", [](auto& c) { c.set_minimum_reader_version(5); }},
           {"mode", [](auto& c) { c.set_mode(v1::TRUST_MODE_PAIRWISE); }},
           {"trusted-gateway", [](auto& c) { c.mutable_aggregation(); }},
           {"no helpers",
            [](auto& c) {
              c.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY);
              c.set_minimum_reader_version(3);
            }},
           {"minimum_reader_version", [](auto& c) { c.mutable_privacy(); }},
           {"separation",
            [](auto& c) {
              c.set_minimum_reader_version(3);
              c.mutable_privacy()->set_noise_multiplier(1);
              c.mutable_privacy()->set_participation_cap(1);
              c.mutable_privacy()->set_band(2);
              c.mutable_privacy()->set_separation(1);
            }},
           {"scope must be", [](auto& c) { c.set_scope(v1::SCOPE_UNSPECIFIED); }},
           {"no scope_id", [](auto& c) { c.set_scope_id(std::string(16, 'x')); }},
           {"version 4", [](auto& c) { c.set_scope(v1::SCOPE_GROUP); }},
           {"scope_id",
            [](auto& c) {
              c.set_minimum_reader_version(4);
              c.set_scope(v1::SCOPE_GROUP);
            }},
           {"global scope",
            [](auto& c) {
              c.set_minimum_reader_version(4);
              c.set_scope(v1::SCOPE_GLOBAL);
              c.set_scope_id(std::string(16, 'x'));
            }},
           {"subset needs minimum_reader_version 4",
            [](auto& c) { c.mutable_subset()->set_count(1); }},
           {"trained parameters",
            [](auto& c) {
              c.set_minimum_reader_version(4);
              c.mutable_subset()->set_first(c.parameters());
              c.mutable_subset()->set_count(1);
            }},
           {"blocks must be 1 to",
            [](auto& c) {
              c.set_minimum_reader_version(4);
              c.mutable_subset()->set_count(c.parameters());
              c.mutable_subset()->set_block_words(1);
            }},
           {"device_noise",
            [](auto& c) {
              c.set_minimum_reader_version(3);
              c.mutable_privacy()->set_participation_cap(1);
              c.mutable_privacy()->set_separation(1);
              c.mutable_privacy()->set_band(1);
              c.mutable_privacy()->set_device_noise(0.5F);
            }},
           {"device_noise",
            [](auto& c) {
              c.set_minimum_reader_version(4);
              c.mutable_privacy()->set_device_noise(-0.5F);
            }},
           {"tenant", [](auto& c) { c.set_tenant(std::string(33, 'a')); }},
           {"model", [](auto& c) { c.set_model(std::string(96, 'a')); }},
           {"round", [](auto& c) { c.set_round(0); }},
           {"n_min", [](auto& c) { c.set_n_min(6); }},
           {"n_max", [](auto& c) { c.set_n_max(4); }},
           {"deadline", [](auto& c) { c.set_deadline(99); }},
           {"chunk_bytes", [](auto& c) { c.set_chunk_bytes(50); }},
           {"chunk_bytes", [](auto& c) { c.set_chunk_bytes(262176); }},
           {"ring_bits", [](auto& c) { c.mutable_encoding()->set_ring_bits(20); }},
           {"parameters", [](auto& c) { c.set_parameters(0); }},
           {"canary_words", [](auto& c) { c.mutable_encoding()->set_canary_words(3); }},
           {"clip_l2",
            [](auto& c) {
              c.mutable_encoding()->set_clip_l2(std::numeric_limits<float>::quiet_NaN());
            }},
           {"scale_log2", [](auto& c) { c.mutable_encoding()->set_scale_log2(61); }},
           {"wrap", [](auto& c) { c.mutable_encoding()->set_scale_log2(28); }},
           {"wrap", [](auto& c) { c.mutable_encoding()->set_weight_scale_log2(28); }},
           {"task_id", [](auto& c) { c.set_task_id("short"); }},
           {"combiner_key", [](auto& c) { c.clear_combiner_key(); }},
           {"helpers", [](auto& c) { c.clear_helpers(); }},
           {"twice", [](auto& c) { *c.add_helpers() = c.helpers(0); }},
           {"helper_id", [](auto& c) { c.mutable_helpers(0)->set_helper_id("short"); }}}) {
    auto context = good_context();
    change(context);
    const auto parsed = parse_context(context.SerializeAsString());
    REQUIRE(std::holds_alternative<std::string>(parsed));
    CHECK_MESSAGE(std::get<std::string>(parsed).find(names) != std::string::npos,
                  std::get<std::string>(parsed));
  }
  CHECK(std::holds_alternative<std::string>(parse_context("\xff\xff")));
}
