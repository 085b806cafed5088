// Rules H1 to H4, H9 and H12 of gateway/helper/README.md, one case per rule.
#include <doctest/doctest.h>
#include <google/protobuf/stubs/logging.h>

#include "tests/unit/gateway/helper_world.hpp"

using namespace tributary;
using namespace tributary::gateway::helper;
using namespace tributary::gateway::helper::test;

namespace {

constexpr Limits unhurried{.sums_per_minute = 1'000'000};

struct BentContext {
  const char* what;
  std::function<void(v1::RoundContext&)> bend;
  v1::HelperRefusal reason;
};

const BentContext bent_contexts[] = {
    {"reader version", [](auto& c) { c.set_minimum_reader_version(6); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"tenant", [](auto& c) { c.set_tenant("plant2"); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"trusted gateway", [](auto& c) { c.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"pairwise", [](auto& c) { c.set_mode(v1::TRUST_MODE_PAIRWISE); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"group scope (H7)", [](auto& c) { c.set_scope(v1::SCOPE_GROUP); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"global scope (H7)", [](auto& c) { c.set_scope(v1::SCOPE_GLOBAL); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"round 0", [](auto& c) { c.set_round(0); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"round 2^62", [](auto& c) { c.set_round(1ULL << 62); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"own gateway", [](auto& c) { c.set_gateway_id(id_of<GatewayId>(0xAF).raw()); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"no helper", [](auto& c) { c.clear_helpers(); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"other helper", [](auto& c) { c.mutable_helpers(0)->set_helper_id(HelperId{}.raw()); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"this helper twice", [](auto& c) { *c.add_helpers() = c.helpers(0); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"epoch ahead", [](auto& c) { c.mutable_helpers(0)->set_epoch(2); }, v1::HELPER_REFUSAL_EPOCH},
    {"epoch 0", [](auto& c) { c.mutable_helpers(0)->set_epoch(0); }, v1::HELPER_REFUSAL_EPOCH},
    {"n_min below the floor", [](auto& c) { c.set_n_min(2); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"n_max below n_min", [](auto& c) { c.set_n_max(2); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"n_max above the limit", [](auto& c) { c.set_n_max(5001); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"no parameters", [](auto& c) { c.set_parameters(0); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"too many words", [](auto& c) { c.set_parameters(1'000'000); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"words that wrap 32 bits", [](auto& c) { c.set_parameters(0xFFFFFFFF); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"ring of 20 bits", [](auto& c) { c.mutable_encoding()->set_ring_bits(20); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"three canaries", [](auto& c) { c.mutable_encoding()->set_canary_words(3); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"short task id", [](auto& c) { c.set_task_id("x"); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"short combiner key", [](auto& c) { c.set_combiner_key("x"); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"not begun", [](auto& c) { c.set_not_before(seconds(now) + 121); },
     v1::HELPER_REFUSAL_EXPIRED},
    {"begins in 2^64 seconds",
     [](auto& c) {
       c.set_not_before(~0ULL);
       c.set_deadline(~0ULL);
     },
     v1::HELPER_REFUSAL_EXPIRED},
    {"long over",
     [](auto& c) {
       c.set_not_before(0);
       c.set_deadline(seconds(now) - 24 * 3600 - 1);
     },
     v1::HELPER_REFUSAL_EXPIRED},
    {"ends before it begins", [](auto& c) { c.set_deadline(seconds(now) - 61); },
     v1::HELPER_REFUSAL_BAD_CONTEXT},
    {"privacy an old reader would not see",
     [](auto& c) { c.mutable_privacy()->set_noise_multiplier(1); }, v1::HELPER_REFUSAL_BAD_CONTEXT},
};

}  // namespace

TEST_CASE("H1: a context that is not right for this helper is refused with its reason") {
  World world;
  for (const auto& bent : bent_contexts) {
    CAPTURE(bent.what);
    auto context = world.context();
    bent.bend(context);
    CHECK(world.refusal(world.request(context, world.everybody())) == bent.reason);
  }
  CHECK_NOTHROW(world.answer(world.request(world.context(), world.everybody())));
}

TEST_CASE("H1: at the edges of its times and limits a context is answered") {
  World world;
  auto context = world.context();
  context.set_not_before(seconds(now) + 120);
  CHECK_NOTHROW(world.answer(world.request(context, world.everybody())));
  context = world.context(2);
  context.set_not_before(0);
  context.set_deadline(seconds(now) - 24 * 3600);
  CHECK_NOTHROW(world.answer(world.request(context, world.everybody())));
}

TEST_CASE("H1: no floor below two devices can be configured") {
  World world;
  world.start({.n_min = 0});
  auto context = world.context();
  context.set_n_min(1);
  CHECK(world.refusal(world.request(context, {0})) == v1::HELPER_REFUSAL_BAD_CONTEXT);
}

TEST_CASE("H1: only the pinned coordinator's signature counts") {
  World world;
  auto request = world.request(world.context(), world.everybody());
  const auto ctx_hash = crypto::hash("ctx", {view_of(request.context())});
  SUBCASE("another key") {
    request.set_context_signature(
        crypto::sign(crypto::SigningKey::random(), "ctx", ctx_hash).raw());
  }
  SUBCASE("another label") {
    request.set_context_signature(crypto::sign(world.coordinator, "release", ctx_hash).raw());
  }
  SUBCASE("no signature") {
    request.clear_context_signature();
  }
  SUBCASE("not a message") {
    request.set_context("\xff\xff\xff");
  }
  CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_CONTEXT);
}

TEST_CASE("H2: the gateway's signature, certificate, order and counts") {
  World world;
  const auto context = world.context();
  auto request = world.request(context, world.everybody());
  SUBCASE("signed by another gateway") {
    const auto survivors = crypto::hash("sum-request", {});
    request.set_signature(crypto::sign(world.other_party.key, "sum-request", survivors).raw());
  }
  SUBCASE("signature over other survivors") {
    request.set_signature(world.request(context, {0, 1, 2, 3}).signature());
  }
  SUBCASE("for another helper") {
    request.set_helper_id(HelperId{}.raw());
  }
  SUBCASE("unsorted") {
    request = world.request(context, {1, 0, 2, 3});
  }
  SUBCASE("duplicate device") {
    request = world.request(context, {0, 1, 1, 2});
  }
  SUBCASE("n_min - 1") {
    request = world.request(context, {0, 1});
  }
  SUBCASE("nobody") {
    request = world.request(context, {});
  }
  SUBCASE("n_max + 1") {
    auto small = context;
    small.set_n_target(4);
    small.set_n_max(4);
    request = world.request(small, world.everybody());
  }
  SUBCASE("a ticket missing") {
    request.mutable_tickets()->RemoveLast();
  }
  SUBCASE("a short ticket") {
    request.mutable_tickets(0)->pop_back();
  }
  SUBCASE("a long nonce") {
    request.mutable_survivors(0)->mutable_nonce()->push_back('x');
  }
  CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_REQUEST);
}

TEST_CASE("H2: the gateway's certificate is the authority's, current and the context's gateway's") {
  World world;
  const auto refused_with = [&](Party party) {
    v1::CertifiedKey key;
    *key.mutable_certificate() = party.certificate;
    world.gateway_party = std::move(party);
    const auto request = world.request(world.context(), world.everybody());
    const auto decision =
        world.role->answer(request, world.roster.SerializeAsString(), key, {}, now);
    v1::MaskRefusal message;
    REQUIRE(std::holds_alternative<Refusal>(decision));
    REQUIRE(message.ParseFromString(std::get<Refusal>(decision).body));
    CHECK(message.reason() == v1::HELPER_REFUSAL_BAD_REQUEST);
  };
  SUBCASE("another authority") {
    World elsewhere;
    refused_with(elsewhere.party(v1::ROLE_GATEWAY, world.gateway.view()));
  }
  SUBCASE("a device's certificate") {
    refused_with(world.party(v1::ROLE_DEVICE, world.gateway.view(), &world.gateway));
  }
  SUBCASE("another gateway's") {
    refused_with(world.party(v1::ROLE_GATEWAY, world.other_gateway.view()));
  }
  SUBCASE("another tenant") {
    refused_with(world.party(v1::ROLE_GATEWAY, world.gateway.view(), nullptr,
                             [](auto& c) { c.set_tenant("other"); }));
  }
  SUBCASE("expired") {
    refused_with(world.party(v1::ROLE_GATEWAY, world.gateway.view(), nullptr,
                             [](auto& c) { c.set_not_after(seconds(now) - 1); }));
  }
}

TEST_CASE("H3: unknown, foreign, revoked, expired and uncertified devices are named") {
  World world(4);
  const auto everybody = std::vector<std::size_t>{0, 1, 2, 3, 4};
  const auto fifth = device_id(5);
  const auto refuses_fifth = [&](Device device) {
    world.enrol(std::move(device));
    const auto request = world.request(world.context(), everybody);
    CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_DEVICE);
    CHECK(world.blames(request, {fifth}));
    CHECK_NOTHROW(world.answer(world.request(world.context(), {0, 1, 2, 3})));
  };
  SUBCASE("enrolled at another gateway") {
    refuses_fifth(world.device(5, world.other_gateway));
  }
  SUBCASE("certificate expired") {
    refuses_fifth(
        world.device(5, world.gateway, [](auto& c) { c.set_not_after(seconds(now) - 1); }));
  }
  SUBCASE("certificate not yet valid") {
    refuses_fifth(
        world.device(5, world.gateway, [](auto& c) { c.set_not_before(seconds(now) + 1); }));
  }
  SUBCASE("a gateway's certificate") {
    refuses_fifth(world.device(5, world.gateway, [](auto& c) { c.set_role(v1::ROLE_GATEWAY); }));
  }
  SUBCASE("another tenant") {
    refuses_fifth(world.device(5, world.gateway, [](auto& c) { c.set_tenant("other"); }));
  }
  SUBCASE("certified by an invented authority") {
    World elsewhere;
    refuses_fifth(elsewhere.device(5, world.gateway));
  }
  SUBCASE("epoch key of another device") {
    auto device = world.device(5, world.gateway);
    *device.certified.mutable_epoch_key() = world.devices[0].certified.epoch_key();
    refuses_fifth(std::move(device));
  }
  SUBCASE("epoch key put under its name by the gateway") {
    auto device = world.device(5, world.gateway);
    *device.certified.mutable_epoch_key() =
        signed_by(world.gateway_party.key, "epoch-key", device.certified.epoch_key().body());
    refuses_fifth(std::move(device));
  }
}

TEST_CASE("H3: an epoch key ends when the device said") {
  World world(2);
  auto device = world.device(3, world.gateway);
  v1::EpochKey key;
  REQUIRE(key.ParseFromString(device.certified.epoch_key().body()));
  const auto ends = [&](std::uint64_t at) {
    key.set_not_after(at);
    *device.certified.mutable_epoch_key() =
        signed_by(device.party.key, "epoch-key", key.SerializeAsString());
    world.enrol(std::move(device));
    return world.refusal(world.request(world.context(), world.everybody()));
  };
  SUBCASE("over") {
    CHECK(ends(seconds(now) - 1) == v1::HELPER_REFUSAL_BAD_DEVICE);
  }
  SUBCASE("this very second") {
    CHECK(ends(seconds(now)) == v1::HELPER_REFUSAL_UNSPECIFIED);
  }
  SUBCASE("never said") {
    CHECK(ends(0) == v1::HELPER_REFUSAL_BAD_DEVICE);
  }
}

TEST_CASE("H3: a device outside the roster, or revoked, is named") {
  World world;
  auto context = world.context();
  auto request = world.request(context, world.everybody());
  SUBCASE("not in the roster") {
    world.roster.mutable_devices()->RemoveLast();
    request = world.request(world.context(), world.everybody());
    CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_DEVICE);
    CHECK(world.blames(request, {world.devices[4].id}));
  }
  SUBCASE("revoked") {
    const std::set<DeviceId> revoked{world.devices[1].id, world.devices[3].id};
    CHECK(world.refusal(request, now, revoked) == v1::HELPER_REFUSAL_BAD_DEVICE);
    CHECK(world.blames(request, {world.devices[1].id, world.devices[3].id}, revoked));
  }
}

TEST_CASE("H3: the roster is the one the context names, of its gateway, in order") {
  World world;
  auto request = world.request(world.context(), world.everybody());
  SUBCASE("other bytes") {
    world.roster.mutable_devices()->RemoveLast();
  }
  SUBCASE("another gateway's") {
    auto context = world.context();
    world.roster.set_gateway_id(world.other_gateway.raw());
    context.set_roster_hash(
        crypto::hash("roster", {view_of(world.roster.SerializeAsString())}).raw());
    request = world.request(context, world.everybody());
    world.other_party = world.party(v1::ROLE_GATEWAY, world.gateway.view());
    world.gateway_party = Party{world.other_party.key.clone(), world.other_party.certificate};
    world.sign_request(request);
  }
  SUBCASE("one device twice") {
    *world.roster.add_devices() = world.devices[4].certified;
    request = world.request(world.context(), world.everybody());
  }
  SUBCASE("unsorted") {
    world.roster.mutable_devices()->SwapElements(0, 1);
    request = world.request(world.context(), world.everybody());
  }
  CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_CONTEXT);
}

TEST_CASE("H4: a ticket for anything else fails and its device is named") {
  World world;
  const auto context = world.context();
  auto request = world.request(context, world.everybody());
  const auto third = world.devices[2].id;
  SUBCASE("one bit of a ticket") {
    (*request.mutable_tickets(2))[15] ^= 1;
  }
  SUBCASE("another digest") {
    (*request.mutable_survivors(2)->mutable_digest())[0] ^= 1;
  }
  SUBCASE("another nonce") {
    (*request.mutable_survivors(2)->mutable_nonce())[8] ^= 1;
  }
  SUBCASE("another round") {
    *request.mutable_tickets(2) = world.request(world.context(2), {2}).tickets(0);
  }
  SUBCASE("another attempt") {
    auto later = context;
    later.set_attempt(1);
    *request.mutable_tickets(2) = world.request(later, {2}).tickets(0);
  }
  SUBCASE("another device's") {
    *request.mutable_tickets(2) = request.tickets(3);
  }
  world.sign_request(request);
  CHECK(world.refusal(request) == v1::HELPER_REFUSAL_BAD_TICKET);
  CHECK(world.blames(request, {third}));
}

TEST_CASE("H4: any single-bit change of the context fails, whoever signs it") {
  World world(3);
  world.start(unhurried);
  const google::protobuf::LogSilencer quiet;  // broken UTF-8 is the point here
  const auto honest = world.request(world.context(), world.everybody());
  std::size_t stopped_by_tickets = 0;
  for (std::size_t bit = 0; bit < honest.context().size() * 8; ++bit) {
    CAPTURE(bit);
    auto bent = honest;
    auto& byte = (*bent.mutable_context())[bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    REQUIRE(world.refusal(bent) == v1::HELPER_REFUSAL_BAD_CONTEXT);
    // Even a coordinator and a gateway that lie together have no tickets for it.
    v1::RoundContext readable;
    if (!readable.ParseFromString(bent.context())) continue;
    bent.set_context_signature(
        crypto::sign(world.coordinator, "ctx", crypto::hash("ctx", {view_of(bent.context())}))
            .raw());
    world.sign_request(bent);
    const auto reason = world.refusal(bent);
    REQUIRE(reason != v1::HELPER_REFUSAL_UNSPECIFIED);
    if (reason != v1::HELPER_REFUSAL_BAD_TICKET) continue;
    ++stopped_by_tickets;
    REQUIRE(world.blames(bent, {world.devices[0].id, world.devices[1].id, world.devices[2].id}));
  }
  CHECK(stopped_by_tickets > 300);
  CHECK_NOTHROW(world.answer(honest));
}

TEST_CASE("H9: the sum opens for the combiner alone and carries the helper's signature") {
  World world;
  const auto request = world.request(world.context(), world.everybody());
  const auto body = world.answer(request);
  v1::MaskSum message;
  REQUIRE(message.ParseFromString(body));
  const auto ctx_hash = crypto::hash("ctx", {view_of(request.context())});
  CHECK(message.ctx_hash() == ctx_hash.raw());
  CHECK(message.helper_id() == world.helper.raw());
  const auto said = crypto::hash("mask-sum", {ctx_hash.view(), view_of(message.survivors_hash()),
                                              world.helper.view(), view_of(message.sealed())});
  CHECK(crypto::verify(crypto::verify_key(world.helper_party.key), "mask-sum", said,
                       *Signature::from(message.signature())));
  CHECK(world.open_sum(body) == world.expected_sum(request, world.everybody()));
  const crypto::SealStatement statement{ctx_hash, *Hash::from(message.survivors_hash()),
                                        world.helper};
  CHECK_FALSE(
      crypto::open_sealed(crypto::ExchangeSecret::random(), statement, view_of(message.sealed())));
}

TEST_CASE("H12: more sums of a task than its rate have to wait, and nothing is decided meanwhile") {
  World world;
  world.start({.sums_per_minute = 2});
  const auto first = world.request(world.context(1), world.everybody());
  const auto body = world.answer(first);
  CHECK(world.answer(first) == body);  // a retry counts
  const auto second = world.request(world.context(2), world.everybody());
  const auto decision = world.ask(second, now + std::chrono::seconds{20});
  REQUIRE(std::holds_alternative<Later>(decision));
  CHECK(std::get<Later>(decision).wait == std::chrono::seconds{40});
  // An unsigned request does not use up anybody's rate.
  auto forged = second;
  forged.set_signature(first.signature());
  CHECK(world.refusal(forged, now + std::chrono::seconds{60}) == v1::HELPER_REFUSAL_BAD_REQUEST);
  CHECK_NOTHROW(world.answer(second, now + std::chrono::seconds{60}));
}

TEST_CASE("a refusal is signed over everything it says") {
  World world;
  auto request = world.request(world.context(), world.everybody());
  const auto decision = world.ask(request, now, {world.devices[2].id});
  v1::MaskRefusal message;
  REQUIRE(message.ParseFromString(std::get<Refusal>(decision).body));
  const auto reason = crypto::le32(static_cast<std::uint32_t>(message.reason()));
  const auto said =
      crypto::hash("mask-refusal", {view_of(message.ctx_hash()), view_of(message.survivors_hash()),
                                    world.helper.view(), reason, view_of(message.device_ids(0))});
  CHECK(crypto::verify(crypto::verify_key(world.helper_party.key), "mask-refusal", said,
                       *Signature::from(message.signature())));
  const auto hashed = crypto::hash("ctx", {view_of(request.context())});
  CHECK(message.ctx_hash() == hashed.raw());
  CHECK(std::get<Refusal>(decision).ctx_hash == hashed);
  CHECK(message.survivors_hash().size() == Hash::size);
}
