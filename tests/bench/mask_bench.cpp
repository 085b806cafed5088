// How close mask expansion comes to the raw ChaCha20 it is made of, per ring.
//   bench_mask [--seeds N] [--words N] [--rounds N] [--json FILE]
// Every round measures each contender once, in turn, so that a slow spell of the machine hits all
// of them; the table shows medians over the rounds.
#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/mask.hpp"

namespace {

using tributary::Bytes;
using tributary::crypto::RingBits;
using tributary::crypto::Seed;

struct Options {
  std::size_t seeds = 200;
  std::size_t words = 100'000;
  int rounds = 15;
  std::string json;
};

struct Contender {
  std::string name;
  std::size_t bytes;  // keystream made by one run
  std::function<void()> run;
  std::vector<double> gigabytes_per_second{};
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

constexpr std::size_t raw_block_bytes = 6144;

// The same total of keystream as one sum, in blocks that stay in the first-level cache.
void raw_sodium(std::size_t total) {
  static Bytes block(raw_block_bytes);
  const unsigned char key[32] = {1};
  const unsigned char nonce[12] = {};
  for (std::size_t made = 0; made < total; made += block.size()) {
    crypto_stream_chacha20_ietf(block.data(), block.size(), nonce, key);
  }
}

void raw_openssl(std::size_t total) {
  static const Bytes zeros(raw_block_bytes);
  static Bytes block(raw_block_bytes);
  static EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  const unsigned char key[32] = {1};
  const unsigned char iv[16] = {};
  EVP_EncryptInit_ex(context, EVP_chacha20(), nullptr, key, iv);
  int written = 0;
  for (std::size_t made = 0; made < total; made += block.size()) {
    EVP_EncryptUpdate(context, block.data(), &written, zeros.data(), raw_block_bytes);
  }
}

void measure(Contender& contender) {
  const auto begin = std::chrono::steady_clock::now();
  contender.run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  contender.gigabytes_per_second.push_back(static_cast<double>(contender.bytes) / took.count() /
                                           1e9);
}

std::vector<Contender> contenders(const Options& options, const std::vector<Seed>& seeds) {
  const std::size_t bytes32 = options.seeds * options.words * 4;
  std::vector<Contender> all;
  all.push_back({"libsodium ChaCha20", bytes32, [=] { raw_sodium(bytes32); }});
  all.push_back({"OpenSSL ChaCha20", bytes32, [=] { raw_openssl(bytes32); }});
  for (const RingBits bits : {RingBits::b16, RingBits::b24, RingBits::b32}) {
    const std::size_t bytes = options.words * tributary::crypto::word_bytes(bits);
    const std::string ring = "ring " + std::to_string(static_cast<int>(bits));
    all.push_back({"sum_masks " + ring, bytes * seeds.size(),
                   [&seeds, bits, words = options.words] { sum_masks(bits, seeds, words); }});
    all.push_back({"add_mask " + ring, bytes * seeds.size(), [&seeds, bits, bytes] {
                     static Bytes sum;
                     sum.resize(bytes);
                     for (const Seed& seed : seeds) add_mask(bits, seed, 0, sum);
                   }});
  }
  return all;
}

void print(const std::vector<Contender>& all, double raw, std::size_t raw_count) {
  std::printf("%-22s %10s %14s\n", "", "GB/s", "of raw rate");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double rate = median(all[i].gigabytes_per_second);
    std::printf("%-22s %10.2f", all[i].name.c_str(), rate);
    if (i < raw_count) {
      std::printf("\n");
    } else {
      std::printf(" %14.3f\n", rate / raw);
    }
  }
}

void write_json(const Options& options, const std::vector<Contender>& all, double raw) {
  std::ofstream file(options.json);
  file << "{\"seeds\": " << options.seeds << ", \"words\": " << options.words
       << ", \"rounds\": " << options.rounds << ", \"results\": [";
  const char* separator = "";
  for (const Contender& contender : all) {
    const double rate = median(contender.gigabytes_per_second);
    file << separator << "\n  {\"name\": \"" << contender.name
         << "\", \"gigabytes_per_second\": " << rate << ", \"of_raw\": " << rate / raw << "}";
    separator = ",";
  }
  file << "\n]}\n";
  if (!file.flush()) throw std::runtime_error("cannot write " + options.json);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 >= argc) throw std::runtime_error(name + " needs a value");
    if (name == "--seeds") {
      options.seeds = std::stoul(argv[i + 1]);
    } else if (name == "--words") {
      options.words = std::stoul(argv[i + 1]);
    } else if (name == "--rounds") {
      options.rounds = std::stoi(argv[i + 1]);
    } else if (name == "--json") {
      options.json = argv[i + 1];
    } else {
      throw std::runtime_error("unknown option " + name +
                               "; there are --seeds --words --rounds --json");
    }
  }
  if (options.seeds == 0 || options.words == 0 || options.rounds < 1) {
    throw std::runtime_error("--seeds, --words and --rounds are at least 1");
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  const Options options = parse(argc, argv);
  if (sodium_init() < 0) throw std::runtime_error("libsodium does not start");
  std::vector<Seed> seeds;
  for (std::size_t i = 0; i < options.seeds; ++i) seeds.push_back(Seed::random());
  auto all = contenders(options, seeds);
  for (int round = 0; round < options.rounds; ++round) {
    for (Contender& contender : all) measure(contender);
  }
  constexpr std::size_t raw_count = 2;
  const double raw =
      std::max(median(all[0].gigabytes_per_second), median(all[1].gigabytes_per_second));
  print(all, raw, raw_count);
  if (!options.json.empty()) write_json(options, all, raw);
  return EXIT_SUCCESS;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_mask: %s\n", error.what());
  return EXIT_FAILURE;
}
