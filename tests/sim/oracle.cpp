#include "tests/sim/oracle.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "cloud/round/combine.hpp"

namespace tributary::sim {
namespace {

using cloud::store::PartRow;
using cloud::store::RoundRow;
using cloud::store::RoundState;

// A gateway's part of a round.
using PartName = std::pair<std::uint64_t, GatewayId>;

std::vector<RoundRow> rounds_of(World& world) {
  return world.store().rounds.of_task(world.task, 0, 1000);
}

const Node* node_of(const World& world, const DeviceId& device) {
  for (const auto& node : world.nodes) {
    if (node->keys.id == device) return node.get();
  }
  return nullptr;
}

std::uint32_t place_of(const World& world, const DeviceId& device) {
  for (std::uint32_t i = 0; i < world.nodes.size(); ++i) {
    if (world.nodes[i]->keys.id == device) return i;
  }
  return UINT32_MAX;
}

std::string of(const RoundRow& round) {
  return "round " + std::to_string(round.key.round) + ": ";
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// The words that only this device's update holds, as they lie in memory.
std::string private_bytes(const World& world, const Node::Words& words) {
  const auto first = words.data() + world.nodes.size();
  return {reinterpret_cast<const char*>(first), 4 * Node::private_words};
}

std::string searched_files(const World& world) {
  std::string text;
  std::vector<std::filesystem::path> folders{world.centre.folder()};
  for (const auto& gate : world.gates) folders.push_back(gate->folder());
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) text += file_text(entry.path());
    }
  }
  return text;
}

// What gateways said they held of rounds they gave up: by round and gateway, the most it ever said.
std::map<PartName, std::uint64_t> reported_counts(const World& world) {
  std::map<PartName, std::uint64_t> counts;
  const auto number_after = [](const std::string& line, const std::string& name) {
    return std::stoull(line.substr(line.find(name) + name.size()));
  };
  for (const auto& gate : world.gates) {
    for (const auto& line : gate->log) {
      if (!line.starts_with("round_abandoned")) continue;
      auto& count = counts[{number_after(line, " round="), gate->keys.id}];
      count = std::max<std::uint64_t>(count, number_after(line, " contributions="));
    }
  }
  return counts;
}

// A gateway that gives a round up names all that it promised to keep.
void check_reports(const World& world, const std::map<PartName, std::uint64_t>& receipts,
                   Wrongs& wrongs) {
  for (const auto& [part, count] : reported_counts(world)) {
    const auto promised = receipts.find(part);
    if (promised != receipts.end() && promised->second > count) {
      wrongs.push_back("round " + std::to_string(part.first) + ": " +
                       std::to_string(promised->second) + " receipts, but " +
                       std::to_string(count) + " contributions when it was given up");
    }
  }
}

}  // namespace

std::set<std::uint32_t> one_hot(World& world, const Hash& before, const Hash& after) {
  const auto fleet = static_cast<std::uint32_t>(world.nodes.size());
  std::vector<float> old(fleet);
  std::vector<float> fresh(fleet);
  std::memcpy(old.data(), world.store().models.content(before).value().data(), 4 * fleet);
  std::memcpy(fresh.data(), world.store().models.content(after).value().data(), 4 * fleet);
  std::set<std::uint32_t> places;
  for (std::uint32_t i = 0; i < fleet; ++i) {
    if (old[i] != fresh[i]) places.insert(i);
  }
  return places;
}

Hash expected_sum(World& world, const v1::GatewaySum& sum) {
  crypto::WordSums total;
  for (const auto& survivor : sum.survivors()) {
    const Node* node = node_of(world, *DeviceId::from(survivor.device_id()));
    if (node == nullptr) return {};
    const auto sent = node->contributions.find(*Hash::from(sum.ctx_hash()));
    if (sent == node->contributions.end()) return {};
    const auto words = sent->second.find(*Nonce::from(survivor.nonce()));
    if (words == sent->second.end()) return {};
    total.words.resize(words->second.size());
    for (std::size_t i = 0; i < total.words.size(); ++i) total.words[i] += words->second[i];
  }
  return cloud::round::released_sum_hash(total);
}

Wrongs wrong_sums(World& world) {
  Wrongs wrongs;
  for (const auto& round : rounds_of(world)) {
    if (round.state != RoundState::released) continue;
    std::set<std::uint32_t> places;
    for (const auto& part : world.store().rounds.parts(round.key)) {
      if (!part.sum_hash) continue;
      for (const auto& device : part.survivors) places.insert(place_of(world, device));
      const auto sum = world.sums.find({part.ctx_hash, *part.survivors_hash});
      const bool exact =
          sum != world.sums.end() && expected_sum(world, sum->second) == *part.sum_hash;
      if (!exact) wrongs.push_back(of(round) + "a released sum is not that of its survivors");
    }
    if (one_hot(world, round.model_before, *round.model_after) != places) {
      wrongs.push_back(of(round) + "the model holds others than the survivors");
    }
  }
  return wrongs;
}

Wrongs wrong_receipts(World& world) {
  Wrongs wrongs;
  std::map<PartName, std::uint64_t> receipts;
  for (const auto& node : world.nodes) {
    for (const auto& ctx_hash : node->receipts) {
      const auto part = world.store().rounds.part(ctx_hash);
      if (!part) {
        wrongs.push_back(node->name() + " has a receipt for a round nobody knows");
        continue;
      }
      ++receipts[{part->key.round, part->gateway}];
      const auto round = world.store().rounds.find(part->key);
      const bool released = round->state == RoundState::released && part->sum_hash;
      const bool in = std::ranges::find(part->survivors, node->keys.id) != part->survivors.end();
      const bool reported = !round->reason.empty() || !part->reason.empty();
      const bool kept = round->state == RoundState::open || (released ? in : reported);
      if (!kept) wrongs.push_back(of(*round) + "the receipt of " + node->name() + " is broken");
    }
  }
  check_reports(world, receipts, wrongs);
  return wrongs;
}

Wrongs wrong_uploads(World& world) {
  Wrongs wrongs;
  for (const auto& node : world.nodes) {
    if (!node->twice.empty()) wrongs.push_back(node->name() + " sent two vectors under one nonce");
  }
  std::map<std::pair<Hash, std::string>, std::string> nonces;
  for (const auto& [key, sum] : world.sums) {
    for (const auto& survivor : sum.survivors()) {
      const auto [known, fresh] =
          nonces.try_emplace({key.first, survivor.device_id()}, survivor.nonce());
      if (!fresh && known->second != survivor.nonce()) {
        wrongs.push_back("two uploads of one device in the sums of one round");
      }
    }
  }
  for (const auto& round : rounds_of(world)) {
    std::set<DeviceId> seen;
    for (const auto& part : world.store().rounds.parts(round.key)) {
      for (const auto& device : part.survivors) {
        if (!seen.insert(device).second) wrongs.push_back(of(round) + "a device counts twice");
      }
    }
  }
  return wrongs;
}

Wrongs wrong_secrets(World& world) {
  Wrongs wrongs;
  std::string lines;
  for (const auto& line : world.nature.transcript) lines += line + "\n";
  const std::string files = searched_files(world);
  const auto in_lines = [&](const std::string& secret) {
    return lines.find(secret) != std::string::npos ||
           lines.find(to_hex(view_of(secret))) != std::string::npos;
  };
  for (const auto& secret : world.authority.secrets()) {
    if (in_lines(secret)) wrongs.push_back("a signing key is in a log line");
  }
  for (const auto& node : world.nodes) {
    if (in_lines(std::string(text_of(node->keys.key.expose())))) {
      wrongs.push_back("the key of " + node->name() + " is in a log line");
    }
    for (const auto& [ctx_hash, sent] : node->contributions) {
      for (const auto& [nonce, words] : sent) {
        const auto plain = private_bytes(world, words);
        if (in_lines(plain)) wrongs.push_back("an update of " + node->name() + " is in a log line");
        if (files.find(plain) != std::string::npos) {
          wrongs.push_back("an update of " + node->name() + " is in a file");
        }
      }
    }
  }
  return wrongs;
}

Wrongs wrong_chain(World& world) {
  Wrongs wrongs;
  std::optional<Hash> newest;
  for (const auto& round : rounds_of(world)) {
    // After an abandoned round the same weights may come as a model of another hash.
    const auto model = world.store().models.find(round.model_before);
    if (newest && round.model_before != *newest && (!model || model->parent != newest)) {
      wrongs.push_back(of(round) + "does not begin with the newest model");
    }
    newest = round.state == RoundState::released ? *round.model_after : round.model_before;
    if (round.state == RoundState::abandoned && round.reason.empty()) {
      wrongs.push_back(of(round) + "is abandoned without a reason");
    }
  }
  return wrongs;
}

Wrongs all_wrongs(World& world) {
  Wrongs wrongs;
  for (const auto check : {wrong_sums, wrong_receipts, wrong_uploads, wrong_secrets, wrong_chain}) {
    for (auto& wrong : check(world)) wrongs.push_back(std::move(wrong));
  }
  for (const auto& gate : world.gates) {
    for (const auto& why : gate->broken) wrongs.push_back(gate->name() + " broke: " + why);
  }
  return wrongs;
}

}  // namespace tributary::sim
