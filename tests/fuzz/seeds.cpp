// Writes the corpus of every fuzz target: fuzz_seeds FOLDER, for example tests/fuzz/corpus. Files of other names in
// there stay: they are inputs that once broke something.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "cloud/cli/npy.hpp"
#include "cloud/cli/safetensors.hpp"
#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/reveal.hpp"
#include "crypto/pairwise/survivor_certificate.hpp"
#include "device-protocol/cpp/frame.hpp"
#include "device-protocol/cpp/topics.hpp"
#include "storage/crc32c.hpp"
#include "tests/fuzz/chance.hpp"
#include "tributary.pb.h"
#include "tributary/mqtt.h"

namespace {

using namespace tributary;

std::filesystem::path corpus;

void seed(const std::string& target, const std::string& name, std::string_view content) {
  std::filesystem::create_directories(corpus / target);
  std::ofstream file(corpus / target / name, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
}
void seed(const std::string& target, const std::string& name, const Bytes& content) {
  seed(target, name, text_of(content));
}
// Numbers of a story, each a byte.
std::string story(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

template <class Value>
Value filled(std::uint8_t byte) {
  Value value;
  value.bytes.fill(byte);
  return value;
}

v1::RoundContext round_context() {
  v1::RoundContext context;
  context.set_minimum_reader_version(1);
  context.set_tenant("plant");
  context.set_task_id(std::string(16, 't'));
  context.set_gateway_id(std::string(16, 'g'));
  context.set_mode(v1::TRUST_MODE_SPLIT_TRUST);
  context.set_scope(v1::SCOPE_GATEWAY);
  context.set_round(1);
  context.set_model("mlp:2-1");
  context.set_parameters(3);
  context.set_model_hash(std::string(32, 'm'));
  auto* encoding = context.mutable_encoding();
  encoding->set_ring_bits(32);
  encoding->set_scale_log2(10);
  encoding->set_clip_l2(10);
  encoding->set_clip_inf(1);
  encoding->set_weight_examples_cap(100);
  encoding->set_weight_scale_log2(10);
  encoding->set_loss_cap(10);
  encoding->set_canary_words(4);
  context.set_gateway_epoch(1);
  auto* helper = context.add_helpers();
  helper->set_helper_id(std::string(16, 'h'));
  helper->set_epoch(1);
  context.set_roster_hash(std::string(32, 'r'));
  context.set_participation_threshold(0xffffffff);
  context.set_n_min(2);
  context.set_n_target(3);
  context.set_n_max(4);
  context.set_not_before(10);
  context.set_deadline(20);
  context.set_combiner_key(std::string(32, 'c'));
  context.set_chunk_bytes(48);
  return context;
}

void contexts() {
  auto context = round_context();
  seed("context", "split_trust", context.SerializeAsString());
  context.mutable_encoding()->set_clip_inf(1e30F);
  context.mutable_encoding()->set_scale_log2(60);
  seed("context", "clip_beyond_integers", context.SerializeAsString());
  context = round_context();
  context.set_minimum_reader_version(3);
  context.mutable_encoding()->set_ring_bits(16);
  context.mutable_encoding()->set_rotated(true);
  context.mutable_encoding()->set_scale_log2(4);
  context.mutable_encoding()->set_weight_scale_log2(8);
  auto* privacy = context.mutable_privacy();
  privacy->set_noise_multiplier(0.5F);
  privacy->set_band(1);
  privacy->set_separation(2);
  privacy->set_participation_cap(4);
  seed("context", "rotated_noisy", context.SerializeAsString());
  auto* aggregation = context.mutable_aggregation();
  aggregation->set_rule(static_cast<v1::RobustRule>(1));
  aggregation->set_attackers(1);
  seed("context", "rule", context.SerializeAsString());
}

void frames() {
  const Bytes sealed(64, 5);
  seed("frames", "upload",
       wire::upload_chunk({filled<wire::FrameTag>(1), filled<Nonce>(9), 1, 3, sealed}));
  seed("frames", "model", wire::model_chunk({filled<wire::FrameTag>(1), 0, 2, sealed}));
  for (const auto kind :
       {wire::UpKind::hello, wire::UpKind::request, wire::UpKind::chunk, wire::UpKind::header}) {
    seed("topics", "kind_" + std::to_string(static_cast<int>(kind)),
         wire::up_topic(filled<DeviceId>(7), kind));
  }
}

void pairwise_layouts() {
  namespace pw = pairwise;
  pw::PrekeyHead head{};
  head.neighbours = 2;
  head.threshold = 1;
  head.device = 3;
  head.slot = 4;
  seed("pairwise", "prekey_head", pw::encode(head));
  seed("pairwise", "prekey", pw::encode(pw::Prekey{head, std::vector<pw::SealedShares>(2)}));
  pw::SlotVow vow{};
  vow.round.slot = 4;
  seed("pairwise", "vow", pw::encode(vow));
  seed("pairwise", "certificate", pw::encode(pw::SurvivorCertificate{vow, {{1, {}}, {2, {}}}}));
  seed("pairwise", "reveal_record", pw::encode(pw::RevealRecord{vow, {}}));
}

void model_files() {
  const std::vector<float> values{1, -2, 0.5F};
  seed("model_file", "three.npy", cli::npy_of(values));
  seed("model_file", "linear.safetensors", cli::safetensors_of(values, "mlp:2-1", "hash"));
  seed("csv", "head", "a,b,label\n1,2,x\n-3.5,4e2,y\n");
  seed("csv", "no_head", "1,2,0\r\n3,4,1\r\n");
  seed("idx", "images", story({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4}));
  seed("idx", "labels", story({0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2}));
  seed("idx", "huge",
       story({0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1}));
}

void mqtt() {
  std::string session = story({7, 0x20, 2, 0, 0, 0x90, 3, 0, 1, 1, 0x40, 2, 0, 2, 0xd0, 0});
  unsigned char head[64];
  const auto size = trib_mqtt_publish_head(head, sizeof head, "tributary/v1/site/keys", 5, 3);
  session.append(reinterpret_cast<const char*>(head), size).append("hello");
  seed("mqtt", "session", session);
}

void specs() {
  const std::string names = R"("name": "t", "model": "mlp:2-1", "initial_model": ")" +
                            std::string(64, 'a') + R"(", "gateways": [")" + std::string(32, '1') +
                            R"(", ")" + std::string(32, '2') + "\"]";
  seed("task_spec", "smallest", "{" + names + "}");
  seed("task_spec", "helpers",
       "{" + names + R"(, "helpers": {")" + std::string(32, '1') + R"(": [")" +
           std::string(32, '3') + R"("], ")" + std::string(32, '2') + R"(": [")" +
           std::string(32, '3') + R"("]}, "rounds": 5, "n_min": 3, "quorum": 0.75})");
  seed(
      "task_spec", "private",
      "{" + names +
          R"(, "privacy": {"epsilon": 4, "delta": 1e-5}, "cohort_size": 100, "encoding": {"clip_l2": 1,
        "ring_bits": 32, "weight_examples_cap": 1}, "training": {"local_steps": 3, "learning_rate": 0.5}})");
  seed("task_spec", "trusted",
       "{" + names +
           R"(, "mode": "trusted-gateway", "device_aggregation": {"rule": "krum",
        "attackers": 1}, "n_min": 10})");
}

// A message as it was, then changed: see Story::edited. EDITS.. KIND PLACE PLACE VALUE.
void stories() {
  seed("certificate", "genuine", story({0, 0}));
  seed("certificate", "in_time", story({150, 0}));
  seed("certificate", "too_late", story({190, 0}));
  seed("certificate", "signature", story({150, 1, 0, 250, 0, 1}));
  seed("certificate", "body", story({150, 2, 0, 12, 0, 1, 3, 40, 0, 2}));

  for (int turns = 0; turns < 16; ++turns) {
    // One replayed message of each topic heard so far, then one changed.
    seed("device_client", "replay_" + std::to_string(turns),
         story({turns, 8 * turns, 1, 0, 1, 8, 1, 0, 1, 16, 1, 0, 1, 24, 1, 0}));
    seed("device_client", "changed_" + std::to_string(turns),
         story({turns, 8 * turns, 1, 1, 0, 20, 0, 9, 2, 8,  1, 1,
                3,     60,        0, 4, 1, 16, 1, 1, 1, 30, 0, 0}));
    seed("device_client", "receipt_" + std::to_string(turns), story({turns, 5, 0, 0, 1, 0}));
    seed("device_client", "reject_" + std::to_string(turns), story({turns, 6, turns, 1, 1, 0}));
  }
  seed("stream", "in_pieces", [] {
    std::string steps;
    for (int i = 0; i < 400; ++i) steps += story({i % 3, 1 + i * 7 % 90});
    return steps;
  }());
  seed("stream", "byte_by_byte", [] {
    std::string steps;
    for (int i = 0; i < 1000; ++i) steps += story({1 + i % 2, 0});
    return steps;
  }());
  seed("stream", "impatient", [] {
    std::string steps;
    for (int i = 0; i < 300; ++i) steps += story({i % 4, 255});
    return steps;
  }());

  // hello, request, every chunk, header, in order and again; then the same with a change in each.
  seed("gateway_site", "honest",
       story({0, 0, 7, 1, 0, 2, 0, 0, 2, 1, 0, 2, 2, 0, 2, 3, 0, 2, 4, 0, 3, 0, 7, 3, 0, 1, 0}));
  seed("gateway_site", "changed",
       story({0, 1, 0, 40, 0, 1, 1, 1, 3, 10, 0, 2, 2, 0, 1, 0, 50, 0, 1, 3, 1, 0, 30, 0, 1}));
  seed("gateway_site", "ticks", story({6, 255, 6, 255, 1, 0, 6, 255, 2, 0, 0, 6, 255, 3, 0}));
  seed("gateway_site", "work",
       story({5, 0, 5, 1, 0, 40, 0, 3, 7, 5, 1, 4, 0, 0, 90, 4, 0, 1, 3, 3, 0, 2, 1, 0}));
  seed("gateway_site", "flood", [] {
    std::string steps;
    for (int i = 0; i < 24; ++i) steps += story({i % 4, 1, 1, 0, 0, 0});
    return steps;
  }());

  seed("coordinator", "genuine", story({2, 0, 0, 3, 0, 0, 2, 1, 0, 3, 1, 0}));
  seed("coordinator", "twice", story({0, 0, 0, 1, 0, 0, 2, 0, 0, 2, 0, 0, 3, 1, 0, 7, 0}));
  seed("coordinator", "changed", story({2, 0, 1, 0, 90, 0, 1, 3, 0, 1, 0, 200, 0, 1,
                                        2, 1, 1, 1, 60, 0, 0, 3, 1, 1, 4, 7,   0, 9}));
  seed("coordinator", "refusal", story({2, 0, 0, 4, 0, 0, 5, 1, 0, 6, 0, 0}));

  seed("settings", "genuine", story({2, 0}));
  seed("settings", "changed", story({2, 2, 0, 60, 0, 3, 3, 90, 0, 5}));
  seed("settings", "whole",
       story({1}) + "[broker]\nport = 70000\nhots = \"x\"\n[limits]\nqueue_bytes = -1\n");
  seed("settings", "port", story({0, 0}) + "many");
  seed("settings", "listen", story({0, 2}) + "[::1]:70000");
  for (int file = 0; file < 17; ++file) {
    seed("credentials", "genuine_" + std::to_string(file), story({file, 1, 0}));
    seed("credentials", "changed_" + std::to_string(file), story({file, 1, 1, 0, 20, 0, 1}));
    seed("credentials", "empty_" + std::to_string(file), story({file, 0}));
  }
}

void http() {
  const std::string hash(64, '0');
  const auto request = [](const std::string& line, const std::string& more,
                          const std::string& body) {
    return line + " HTTP/1.1\r\nHost: x\r\n" + more +
           (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") +
           "\r\n" + body;
  };
  const std::string bearer = "Authorization: Bearer let-me-in\r\n";
  int number = 0;
  const auto add = [&](int plane, const std::string& text) {
    seed("http_request", "request_" + std::to_string(number++), story({plane, 6}) + text);
  };
  add(0, request("PUT /v1/gateway/keys", "", "\x0a\x02hi"));
  add(0, request("PUT /v1/gateway/roster", "", "\x0a\x02hi"));
  add(0, request("GET /v1/gateway/work?wait=1&seen=x", "", ""));
  add(0, request("GET /v1/models/" + hash, "", ""));
  add(0, request("GET /v1/rosters/" + hash, "", ""));
  for (const auto* what : {"sum", "mask-sum", "mask-refusal", "abandon"}) {
    add(0, request("PUT /v1/rounds/" + hash + "/" + what, "", "x"));
  }
  add(0, request("PUT /v1/voids", "Transfer-Encoding: chunked\r\n", "") + "3\r\nabc\r\n0\r\n\r\n");
  add(1, request("POST /v1/models?name=a&architecture=mlp%3A1-1", bearer, std::string(20, '\0')));
  add(1, request("POST /v1/tasks", bearer, R"({"name": "x", "surprise": 1})"));
  for (const auto* path :
       {"/v1/models", "/v1/tasks", "/v1/gateways", "/v1/status", "/v1/tasks/01/rounds?after=2"}) {
    add(1, request(std::string("GET ") + path, bearer, ""));
  }
  add(1, request("GET /v1/status", "Authorization: Bearer wrong\r\n", ""));
  add(1, request("DELETE /v1/tasks", bearer, ""));
  add(1, request("GET /v1/status", bearer + "Long: " + std::string(3000, 'a') + "\r\n", ""));

  seed("http_response", "length",
       story({6, 1}) + "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: now\r\n\r\nhello");
  seed("http_response", "chunked",
       story({2, 1}) +
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
  seed("http_response", "until_close",
       story({0, 0}) + "HTTP/1.0 503 No\r\nContent-Type: a/b\r\n\r\nlater");
  seed("http_response", "interim",
       story({9, 1}) + "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  seed("http_response", "too_large",
       story({99, 1}) + "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n");
}

void append_le32(std::string& text, std::uint32_t value) {
  for (int i = 0; i < 4; ++i) text.push_back(static_cast<char>(value >> (8 * i)));
}

// record = crc32c length kind payload; payload = device 16, nonce 16, index, tag 16, words.
std::string journal_row(char device, std::uint32_t index, std::size_t words) {
  std::string payload = std::string(16, device) + std::string(16, '\0');
  append_le32(payload, index);
  payload += std::string(16, 't') + std::string(words, 'w');
  std::string covered;
  append_le32(covered, static_cast<std::uint32_t>(payload.size()));
  append_le32(covered, 1);
  covered += payload;
  std::string row;
  append_le32(row, storage::crc32c(0, view_of(covered)));
  return row + covered;
}

void journals() {
  const auto rows = journal_row(1, 0, 48) + journal_row(1, 1, 32) + journal_row(2, 0, 48);
  seed("chunk_journal", "rows", rows);
  seed("chunk_journal", "torn", rows.substr(0, rows.size() - 9));
  seed("chunk_journal", "far_index", journal_row(1, 0xffffffff, 48) + journal_row(1, 7, 32));
  seed("chunk_journal", "short_words", journal_row(1, 0, 0) + journal_row(1, 1, 31));
  seed("chunk_journal", "long_length",
       rows.substr(0, 4) + std::string("\xff\xff\xff\x7f", 4) + rows.substr(8));
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("fuzz_seeds FOLDER: writes the corpus of every fuzz target below FOLDER\n", stderr);
    return 2;
  }
  corpus = arguments[1];
  contexts();
  frames();
  pairwise_layouts();
  model_files();
  mqtt();
  specs();
  stories();
  http();
  journals();
  return 0;
}
