#include "tributary/client.h"

#include <doctest/doctest.h>
#include <sodium.h>

#include <cmath>
#include <functional>

#include "tests/unit/device/site.hpp"

using namespace device_test;

namespace {

void check_contribution(const Site& site, std::uint64_t round) {
  REQUIRE(site.contributions.contains(round));
  const auto& sum = site.contributions.at(round);
  REQUIRE(sum.size() == words);
  REQUIRE(site.revealed.size() == words);
  for (std::size_t j = 0; j < words; ++j) REQUIRE(sum[j] == site.revealed[j]);
  CHECK(sum[parameters] == 1 << 19);      // 50 of 100 examples
  CHECK(sum[parameters + 1] == 104857);   // mean loss 2 of at most 10
  CHECK(sum[parameters + 2] == 1 << 18);  // half of the predictions right
  for (std::size_t j = parameters + 3; j < words; ++j) CHECK(sum[j] == 0);
}

}  // namespace

TEST_CASE("a device joins, trains, uploads and gets its receipt") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  Device device(site);
  REQUIRE(device.started == TRIB_OK);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_JOINING);
  site.publish_retained("tributary/v1/site/keys",
                        std::string(site.retained["tributary/v1/site/keys"].begin(),
                                    site.retained["tributary/v1/site/keys"].end()));
  device.run(50);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  for (std::uint64_t round = 1; round <= 3; ++round) {
    site.open_round(round);
    site.credit_chunks = round == 2 ? 1 : 1000;
    device.run(50);
    CHECK(site.receipts.contains(round));
    check_contribution(site, round);
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
    CHECK_FALSE(site.records.contains(TRIB_RECORD_WEIGHTS));
    CHECK_FALSE(site.records.contains(TRIB_RECORD_ROUND));
  }
}

TEST_CASE(
    "power is cut at every action: never two vectors under a nonce, one contribution, receipts "
    "kept") {
  REQUIRE(sodium_init() >= 0);
  for (const std::uint32_t checkpoint : {0U, 1U}) {
    int lost = 0;
    int total = 1;
    for (int cut = 0; cut < total; ++cut) {
      CAPTURE(cut);
      Site site;
      site.cut_at = cut;
      site.open_round(1);
      {
        Device device(site, checkpoint);
        device.run(5000);
      }
      if (!site.dead) {
        total = site.actions;
        break;
      }
      total = cut + 2;
      site.dead = false;
      site.cut_at.reset();
      Device again(site, checkpoint);
      REQUIRE(again.started == TRIB_OK);
      again.run(5000);
      // The round is finished now or, where its vector could not be proven the same, left out.
      if (site.receipts.contains(1)) {
        check_contribution(site, 1);
      } else {
        ++lost;
        CHECK(site.contributions.empty());
      }
      CHECK(trib_client_phase(again.client) == TRIB_PHASE_IDLE);
      site.open_round(2);
      again.run(5000);
      CHECK(site.receipts.contains(2));
    }
    CHECK(total > 15);
    CHECK(lost <= 1);
  }
}

TEST_CASE("training continues from its checkpoint after a reset") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  int before = 0;
  {
    Device device(site);
    while (device.training_steps < 2) {
      site.answer();
      auto messages = std::move(site.waiting);
      site.waiting.clear();
      for (const auto& [topic, payload] : messages) {
        trib_client_message(device.client, topic.c_str(), payload.data(), payload.size());
      }
      std::uint32_t wait = 0;
      trib_client_turn(device.client, &wait);
    }
    before = device.training_steps;
  }
  Device again(site);
  again.run(5000);
  CHECK(before + again.training_steps == 3);
  check_contribution(site, 1);
}

TEST_CASE("a receipt that is not the gateway's does not make the device forget its update") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  site.forge_receipts = true;
  Device device(site);
  device.run(300);
  CHECK(device.said.contains(TRIB_BAD_SIGNATURE));
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  site.forge_receipts = false;
  device.run(5000);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
}

TEST_CASE("offers that break a rule are refused") {
  REQUIRE(sodium_init() >= 0);
  struct Row {
    const char* what;
    std::function<void(v1::RoundContext&)> change;
    trib_status status;
  };
  const std::vector<Row> rows = {
      {"reader version", [](auto& c) { c.set_minimum_reader_version(5); }, TRIB_BAD_CONTEXT},
      {"tenant", [](auto& c) { c.set_tenant("other"); }, TRIB_BAD_CONTEXT},
      {"gateway", [](auto& c) { c.set_gateway_id(std::string(16, 'x')); }, TRIB_BAD_CONTEXT},
      {"model", [](auto& c) { c.set_model("test:201"); }, TRIB_BAD_CONTEXT},
      {"parameters", [](auto& c) { c.set_parameters(199); }, TRIB_BAD_CONTEXT},
      {"mode", [](auto& c) { c.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY); }, TRIB_BAD_CONTEXT},
      {"n_min below the floor", [](auto& c) { c.set_n_min(2); }, TRIB_BAD_CONTEXT},
      {"clip above the cap", [](auto& c) { c.mutable_encoding()->set_clip_l2(51); },
       TRIB_BAD_CONTEXT},
      {"a clip that is not a number", [](auto& c) { c.mutable_encoding()->set_clip_inf(NAN); },
       TRIB_BAD_CONTEXT},
      {"sums that wrap", [](auto& c) { c.mutable_encoding()->set_scale_log2(26); },
       TRIB_BAD_CONTEXT},
      {"weights that wrap", [](auto& c) { c.mutable_encoding()->set_weight_scale_log2(26); },
       TRIB_BAD_CONTEXT},
      {"few canaries", [](auto& c) { c.mutable_encoding()->set_canary_words(3); },
       TRIB_BAD_CONTEXT},
      {"a scope that does not exist", [](auto& c) { c.set_scope(v1::SCOPE_UNSPECIFIED); },
       TRIB_BAD_CONTEXT},
      {"scope gateway with a scope_id", [](auto& c) { c.set_scope_id(std::string(16, 'x')); },
       TRIB_BAD_CONTEXT},
      {"a wider scope without scope_id",
       [](auto& c) {
         c.set_minimum_reader_version(4);
         c.set_scope(v1::SCOPE_GLOBAL);
       },
       TRIB_BAD_CONTEXT},
      {"a wider scope for readers that do not know it",
       [](auto& c) {
         c.set_minimum_reader_version(3);
         c.set_scope(v1::SCOPE_GROUP);
         c.set_scope_id(std::string(16, 'x'));
       },
       TRIB_BAD_CONTEXT},
      {"no helper", [](auto& c) { c.clear_helpers(); }, TRIB_BAD_CONTEXT},
      {"unknown helper", [](auto& c) { c.mutable_helpers(0)->set_helper_id(std::string(16, 'x')); },
       TRIB_BAD_CONTEXT},
      {"another helper epoch", [](auto& c) { c.mutable_helpers(0)->set_epoch(2); },
       TRIB_BAD_CONTEXT},
      {"the same helper twice", [](auto& c) { *c.add_helpers() = c.helpers(0); }, TRIB_BAD_CONTEXT},
      {"another gateway epoch", [](auto& c) { c.set_gateway_epoch(2); }, TRIB_BAD_CONTEXT},
      {"chunks beyond the buffer", [](auto& c) { c.set_chunk_bytes(1008); }, TRIB_BAD_CONTEXT},
      {"chunks of broken words", [](auto& c) { c.set_chunk_bytes(100); }, TRIB_BAD_CONTEXT},
      {"no steps", [](auto& c) { c.mutable_training()->set_local_steps(0); }, TRIB_BAD_CONTEXT},
      {"a ring that does not exist", [](auto& c) { c.mutable_encoding()->set_ring_bits(20); },
       TRIB_BAD_CONTEXT},
      {"too many canaries", [](auto& c) { c.mutable_encoding()->set_canary_words(1025); },
       TRIB_BAD_CONTEXT},
      {"no clip", [](auto& c) { c.mutable_encoding()->set_clip_l2(0); }, TRIB_BAD_CONTEXT},
      {"a negative clip", [](auto& c) { c.mutable_encoding()->set_clip_inf(-1); },
       TRIB_BAD_CONTEXT},
      {"an endless loss cap", [](auto& c) { c.mutable_encoding()->set_loss_cap(INFINITY); },
       TRIB_BAD_CONTEXT},
      {"no weight", [](auto& c) { c.mutable_encoding()->set_weight_examples_cap(0); },
       TRIB_BAD_CONTEXT},
      {"a scale too large", [](auto& c) { c.mutable_encoding()->set_scale_log2(61); },
       TRIB_BAD_CONTEXT},
      {"a scale too small", [](auto& c) { c.mutable_encoding()->set_scale_log2(-61); },
       TRIB_BAD_CONTEXT},
      {"weights beyond the ring", [](auto& c) { c.mutable_encoding()->set_weight_scale_log2(32); },
       TRIB_BAD_CONTEXT},
      {"a rotation for readers that do not know it",
       [](auto& c) { c.mutable_encoding()->set_rotated(true); }, TRIB_BAD_CONTEXT},
      {"no encoding", [](auto& c) { c.clear_encoding(); }, TRIB_BAD_CONTEXT},
      {"no training", [](auto& c) { c.clear_training(); }, TRIB_BAD_CONTEXT},
      {"no batch", [](auto& c) { c.mutable_training()->set_batch_size(0); }, TRIB_BAD_CONTEXT},
      {"no chunks", [](auto& c) { c.set_chunk_bytes(0); }, TRIB_BAD_CONTEXT},
      {"pairwise with helpers",
       [](auto& c) {
         c.set_minimum_reader_version(4);
         c.set_mode(v1::TRUST_MODE_PAIRWISE);
         c.mutable_pairwise()->set_group_hash(std::string(32, 'g'));
       },
       TRIB_BAD_CONTEXT},
      {"pairwise without a group",
       [](auto& c) {
         c.set_minimum_reader_version(4);
         c.set_mode(v1::TRUST_MODE_PAIRWISE);
         c.clear_helpers();
       },
       TRIB_BAD_CONTEXT},
      {"pairwise for readers that do not know it",
       [](auto& c) {
         c.set_minimum_reader_version(3);
         c.set_mode(v1::TRUST_MODE_PAIRWISE);
         c.clear_helpers();
         c.mutable_pairwise()->set_group_hash(std::string(32, 'g'));
       },
       TRIB_BAD_CONTEXT},
      {"a mode that does not exist", [](auto& c) { c.set_mode(v1::TRUST_MODE_UNSPECIFIED); },
       TRIB_BAD_CONTEXT},
      {"a wider scope in another mode",
       [](auto& c) {
         c.set_minimum_reader_version(4);
         c.set_scope(v1::SCOPE_GROUP);
         c.set_scope_id(std::string(16, 'x'));
         c.set_mode(v1::TRUST_MODE_TRUSTED_GATEWAY);
         c.clear_helpers();
       },
       TRIB_BAD_CONTEXT},
      {"deadline passed", [](auto& c) { c.set_deadline(1799999999); }, TRIB_STALE},
      {"an old round", [](auto& c) { c.set_round(1); }, TRIB_STALE},
      {"not selected", [](auto& c) { c.set_participation_threshold(0); }, TRIB_BAD_CONTEXT},
  };
  Site site;
  Device device(site);
  site.open_round(1);
  device.run(5000);
  REQUIRE(site.receipts.contains(1));
  const std::string topic = "tributary/v1/site/offer/" + site.task.hex();
  for (const auto& row : rows) {
    CAPTURE(row.what);
    auto context = site.context(2);
    row.change(context);
    const std::string offer = site.offer(context);
    CHECK(trib_client_message(device.client, topic.c_str(), offer.data(), offer.size()) ==
          row.status);
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  }
  SUBCASE("any flipped bit of the context breaks the signature") {
    const std::string good = site.offer(site.context(2));
    v1::Offer offer;
    REQUIRE(offer.ParseFromString(good));
    for (std::size_t bit = 0; bit < offer.context().size() * 8; bit += 11) {
      v1::Offer bad = offer;
      bad.mutable_context()->at(bit / 8) = static_cast<char>(bad.context()[bit / 8] ^ 1 << bit % 8);
      const std::string bytes = bad.SerializeAsString();
      CHECK(trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size()) ==
            TRIB_BAD_SIGNATURE);
    }
  }
  SUBCASE("garbage on any topic changes nothing") {
    const std::string own = "tributary/v1/device/" + site.device.hex() + "/down/";
    for (const auto& name :
         {topic, std::string("tributary/v1/site/keys"), std::string("tributary/v1/site/model/x/0"),
          own + "credit", own + "receipt", own + "reject", own + "welcome", own + "else",
          std::string("elsewhere")}) {
      for (const auto& payload :
           {std::string("\xff\xff\xff"), std::string(2000, '\x0a'), std::string("\x0a\x7f")}) {
        CHECK(trib_client_message(device.client, name.c_str(), payload.data(), payload.size()) !=
              TRIB_OK);
        CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
      }
    }
    site.open_round(2);
    device.run(5000);
    CHECK(site.receipts.contains(2));
  }
}

TEST_CASE("a final reject or an empty offer ends the round, a temporary one does not") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  site.forge_receipts = true;  // keeps the device in the round
  Device device(site);
  device.run(150);
  REQUIRE(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  v1::UploadHeader header;
  v1::Reject reject;
  const std::string key = site.uploads.begin()->first;
  reject.set_ctx_hash(key.substr(0, 32));
  reject.set_nonce(key.substr(32));
  reject.set_reason(v1::REJECT_BUSY);
  reject.set_retry_after_seconds(3);
  const std::string topic = "tributary/v1/device/" + site.device.hex() + "/down/reject";
  std::string bytes = reject.SerializeAsString();
  CHECK(trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size()) == TRIB_OK);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  SUBCASE("late") {
    reject.set_reason(v1::REJECT_LATE);
    reject.set_retry_after_seconds(0);
    bytes = reject.SerializeAsString();
    CHECK(trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size()) == TRIB_OK);
  }
  SUBCASE("withdrawn") {
    const std::string offer = "tributary/v1/site/offer/" + site.task.hex();
    CHECK(trib_client_message(device.client, offer.c_str(), "", 0) == TRIB_OK);
  }
  SUBCASE("deadline") {
    site.unix_seconds += 100000;
    std::uint32_t wait = 0;
    CHECK(trib_client_turn(device.client, &wait) == TRIB_OK);
  }
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
}

TEST_CASE("a device without identity or with too little memory does not start") {
  Site site;
  site.records.clear();
  Device device(site);
  CHECK(device.started == TRIB_NOT_FOUND);
  CHECK(trib_client_size() < 4096);
  MESSAGE("client state: ", trib_client_size(), " bytes");
}

TEST_CASE("a refused hello is not said again for an hour, or for as long as the gateway says") {
  REQUIRE(sodium_init() >= 0);
  struct Row {
    v1::RejectReason reason;
    std::uint32_t retry_after_seconds;
    std::uint32_t wait_ms;
  };
  for (const auto& row :
       {Row{v1::REJECT_BAD_CERTIFICATE, 0, 3600000}, Row{v1::REJECT_UNKNOWN_DEVICE, 0, 3600000},
        Row{v1::REJECT_BUSY, 7, 7000}}) {
    Site site;
    Device device(site);
    site.sent.clear();
    v1::Reject reject;
    reject.set_reason(row.reason);
    reject.set_retry_after_seconds(row.retry_after_seconds);
    const std::string bytes = reject.SerializeAsString();
    const std::string topic = "tributary/v1/device/" + site.device.hex() + "/down/reject";
    CHECK(trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size()) == TRIB_OK);
    std::uint32_t wait = 0;
    CHECK(trib_client_turn(device.client, &wait) == TRIB_OK);
    CHECK(wait == row.wait_ms);
    CHECK(site.sent.empty());
    device.run(4000000);
    CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
  }
}

TEST_CASE("a reject may name the nonce alone; another nonce is none of ours") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  site.forge_receipts = true;
  Device device(site);
  device.run(150);
  REQUIRE(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  const std::string topic = "tributary/v1/device/" + site.device.hex() + "/down/reject";
  const std::string nonce = site.uploads.begin()->first.substr(32);
  v1::Reject reject;
  reject.set_reason(v1::REJECT_UNKNOWN_ROUND);
  reject.set_nonce(std::string(16, 'n'));
  std::string bytes = reject.SerializeAsString();
  CHECK(trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size()) ==
        TRIB_STALE);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  reject.set_nonce(nonce);
  bytes = reject.SerializeAsString();
  CHECK(trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size()) == TRIB_OK);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_IDLE);
}

TEST_CASE("an offer of a later round of the task takes the place of the round in progress") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  site.forge_receipts = true;  // keeps the device in the round
  Device device(site);
  device.run(150);
  REQUIRE(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  site.forge_receipts = false;
  site.receipts.clear();
  site.open_round(2);
  device.run(50);
  CHECK(site.receipts.contains(2));
  CHECK_FALSE(site.receipts.contains(1));
}

TEST_CASE("a credit for chunks that do not exist, or for another upload, grants nothing") {
  REQUIRE(sodium_init() >= 0);
  Site site;
  site.open_round(1);
  site.forge_receipts = true;
  Device device(site);
  device.run(150);
  REQUIRE(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  const std::string key = site.uploads.begin()->first;
  const std::string topic = "tributary/v1/device/" + site.device.hex() + "/down/credit";
  const auto send = [&](const std::string& nonce, std::uint32_t first, std::uint32_t count) {
    v1::Credit credit;
    credit.set_ctx_hash(key.substr(0, 32));
    credit.set_nonce(nonce);
    auto& range = *credit.add_ranges();
    range.set_first(first);
    range.set_count(count);
    const std::string bytes = credit.SerializeAsString();
    return trib_client_message(device.client, topic.c_str(), bytes.data(), bytes.size());
  };
  const std::string nonce = key.substr(32);
  constexpr std::uint32_t total = 4;
  CHECK(send(nonce, 0, 0) == TRIB_MALFORMED);
  CHECK(send(nonce, total, 1) == TRIB_MALFORMED);
  CHECK(send(nonce, 1, total) == TRIB_MALFORMED);
  CHECK(send(nonce, 1, UINT32_MAX) == TRIB_MALFORMED);
  CHECK(send(std::string(16, 'n'), 0, total) == TRIB_STALE);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_COMMITTING);
  CHECK(send(nonce, 1, total - 1) == TRIB_OK);
  CHECK(trib_client_phase(device.client) == TRIB_PHASE_UPLOADING);
}
