#include "crypto/ring_kernels.hpp"

#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tributary::crypto {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as stored");

template <class Word>
[[gnu::always_inline]] inline void add_words(std::uint8_t* __restrict sum,
                                             const std::uint8_t* __restrict addend,
                                             std::size_t size) {
  for (std::size_t at = 0; at < size; at += sizeof(Word)) {
    Word a;
    Word b;
    std::memcpy(&a, sum + at, sizeof a);
    std::memcpy(&b, addend + at, sizeof b);
    a = static_cast<Word>(a + b);
    std::memcpy(sum + at, &a, sizeof a);
  }
}

void add_one_24(std::uint8_t* sum, const std::uint8_t* addend) {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::memcpy(&a, sum, 3);
  std::memcpy(&b, addend, 3);
  a += b;
  std::memcpy(sum, &a, 3);
}

constexpr std::uint64_t bit(unsigned position) {
  return std::uint64_t{1} << position;
}

// Eight 24-bit words as one 192-bit addition: with the top bit of every word cleared no carry
// leaves its word, and that bit of the sum is an exclusive or.
inline void add_eight_24(std::uint8_t* sum, const std::uint8_t* addend) {
  constexpr std::uint64_t top[3] = {bit(23) | bit(47), bit(7) | bit(31) | bit(55),
                                    bit(15) | bit(39) | bit(63)};
  std::uint64_t a[3];
  std::uint64_t b[3];
  std::memcpy(a, sum, sizeof a);
  std::memcpy(b, addend, sizeof b);
  std::uint64_t carry = 0;
  for (int lane = 0; lane < 3; ++lane) {
    const std::uint64_t low_a = a[lane] & ~top[lane];
    const std::uint64_t partial = low_a + (b[lane] & ~top[lane]);
    const std::uint64_t total = partial + carry;
    carry = static_cast<std::uint64_t>(partial < low_a) | static_cast<std::uint64_t>(total < carry);
    a[lane] = total ^ ((a[lane] ^ b[lane]) & top[lane]);
  }
  std::memcpy(sum, a, sizeof a);
}

void add16_portable(std::uint8_t* sum, const std::uint8_t* addend, std::size_t size) {
  add_words<std::uint16_t>(sum, addend, size);
}

void add24_portable(std::uint8_t* sum, const std::uint8_t* addend, std::size_t size) {
  std::size_t at = 0;
  for (; at + 24 <= size; at += 24) add_eight_24(sum + at, addend + at);
  for (; at < size; at += 3) add_one_24(sum + at, addend + at);
}

void add32_portable(std::uint8_t* sum, const std::uint8_t* addend, std::size_t size) {
  add_words<std::uint32_t>(sum, addend, size);
}

#if defined(__x86_64__)

[[gnu::target("avx2")]] void add16_avx2(std::uint8_t* sum, const std::uint8_t* addend,
                                        std::size_t size) {
  add_words<std::uint16_t>(sum, addend, size);
}

[[gnu::target("avx2")]] void add32_avx2(std::uint8_t* sum, const std::uint8_t* addend,
                                        std::size_t size) {
  add_words<std::uint32_t>(sum, addend, size);
}

#define TRIBUTARY_AVX512 [[gnu::target("avx512f,avx512bw,avx512vbmi")]]

// Here and below the zeroing form of an instruction with everything kept: g++ 12 warns of
// uninitialised values inside its own header in the plain forms.
TRIBUTARY_AVX512 inline __m512i permute(__m512i order, __m512i bytes) {
  return _mm512_maskz_permutexvar_epi8(~__mmask64{0}, order, bytes);
}

// Sixteen 24-bit words at a time: spread to 32-bit lanes, add, gather. What the spread leaves in
// the top byte of a lane cannot reach the lower three.
TRIBUTARY_AVX512 void add24_avx512(std::uint8_t* sum, const std::uint8_t* addend,
                                   std::size_t size) {
  alignas(64) std::uint8_t spread_order[64];
  alignas(64) std::uint8_t gather_order[64] = {};
  for (unsigned i = 0; i < 64; ++i) spread_order[i] = static_cast<std::uint8_t>(i / 4 * 3 + i % 4);
  for (unsigned i = 0; i < 48; ++i) gather_order[i] = static_cast<std::uint8_t>(i / 3 * 4 + i % 3);
  const __m512i spread = _mm512_load_si512(spread_order);
  const __m512i gather = _mm512_load_si512(gather_order);
  std::size_t at = 0;
  for (; at + 64 <= size; at += 48) {
    const __m512i a = _mm512_loadu_si512(sum + at);
    const __m512i b = _mm512_loadu_si512(addend + at);
    const __m512i total = _mm512_add_epi32(permute(spread, a), permute(spread, b));
    const __m512i packed = permute(gather, total);
    // Two plain stores: one masked store of 48 bytes halves the speed on Zen 4.
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sum + at),
                        _mm512_maskz_extracti64x4_epi64(0xf, packed, 0));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(sum + at + 32),
                     _mm512_maskz_extracti32x4_epi32(0xf, packed, 2));
  }
  add24_portable(sum + at, addend + at, size - at);
}

#undef TRIBUTARY_AVX512
#endif

RingKernels fastest_ring_kernels() {
  RingKernels kernels = portable_ring_kernels();
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    kernels.add16 = add16_avx2;
    kernels.add32 = add32_avx2;
  }
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi")) {
    kernels.add24 = add24_avx512;
  }
#endif
  return kernels;
}

}  // namespace

const RingKernels& ring_kernels() {
  static const RingKernels kernels = fastest_ring_kernels();
  return kernels;
}

RingKernels portable_ring_kernels() {
  return {add16_portable, add24_portable, add32_portable};
}

}  // namespace tributary::crypto
