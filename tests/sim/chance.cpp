#include "tests/sim/chance.hpp"

#include <array>
#include <cstring>

#include "crypto/sodium.hpp"

namespace tributary::sim {
namespace {

std::array<unsigned char, crypto_stream_chacha20_ietf_KEYBYTES> key;
std::uint64_t drawn = 0;

const char* name() {
  return "seeded";
}

// ChaCha20 of the seed; every call has its own nonce.
void fill(void* const out, const std::size_t size) {
  std::array<unsigned char, crypto_stream_chacha20_ietf_NONCEBYTES> nonce{};
  ++drawn;
  std::memcpy(nonce.data(), &drawn, sizeof drawn);
  crypto_stream_chacha20_ietf(static_cast<unsigned char*>(out), size, nonce.data(), key.data());
}

std::uint32_t word() {
  std::uint32_t value = 0;
  fill(&value, sizeof value);
  return value;
}

randombytes_implementation seeded{name, word, nullptr, nullptr, fill, nullptr};

}  // namespace

std::uint64_t Chance::next() {
  std::uint64_t value = state_ += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

bool Chance::happens(double probability) {
  return static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
}

void seed_sodium(std::uint64_t seed) {
  crypto::require_sodium();
  key.fill(0);
  std::memcpy(key.data(), &seed, sizeof seed);
  drawn = 0;
  randombytes_set_implementation(&seeded);
}

}  // namespace tributary::sim
