// The fixed layouts of mode pairwise: what decodes encodes to the same bytes.
#include <algorithm>

#include "crypto/pairwise/prekey.hpp"
#include "crypto/pairwise/reveal.hpp"
#include "crypto/pairwise/survivor_certificate.hpp"
#include "tests/fuzz/require.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tributary;
  const ByteView bytes(data, size);
  const auto check = [&](const auto& decoded, const char* what) {
    if (decoded) fuzz::require(std::ranges::equal(pairwise::encode(*decoded), bytes), what);
  };
  check(pairwise::decode_prekey_head(bytes), "a prekey head is canonical");
  check(pairwise::decode_prekey(bytes), "a prekey is canonical");
  check(pairwise::decode_slot_vow(bytes), "a vow is canonical");
  check(pairwise::decode_survivor_certificate(bytes), "a survivor certificate is canonical");
  check(pairwise::decode_reveal_record(bytes), "a record of what was revealed is canonical");
  return 0;
}
