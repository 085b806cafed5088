#include "gateway/engine/reveal_rows.hpp"

#include "crypto/pairwise/reveal_box.hpp"
#include "gateway/engine/columns.hpp"

namespace tributary::gateway::engine {

void RevealRows::put_vow(const Hash& ctx_hash, const round::StoreVow& vow) {
  database_.run("INSERT OR IGNORE INTO vow (ctx_hash, witness, signature) VALUES (?, ?, ?)",
                ctx_hash.bytes, vow.witness, vow.signature.bytes);
}

std::vector<round::StoreVow> RevealRows::vows(const Hash& ctx_hash) {
  auto rows =
      database_.prepare("SELECT witness, signature FROM vow WHERE ctx_hash = ? ORDER BY witness");
  rows.bind(ctx_hash.bytes);
  std::vector<round::StoreVow> vows;
  while (rows.step()) {
    vows.push_back(
        {static_cast<std::uint32_t>(rows.integer(0)), fixed<Signature>(rows.blob(1), "signature")});
  }
  return vows;
}

void RevealRows::put_reveal(const Hash& ctx_hash, const round::StoreReveal& reveal) {
  database_.run("INSERT INTO reveal (ctx_hash, device, place, entries) VALUES (?, ?, ?, ?)",
                ctx_hash.bytes, reveal.device.bytes, reveal.place, reveal.entries);
}

std::vector<round::StoreReveal> RevealRows::reveals(const Hash& ctx_hash) {
  auto rows = database_.prepare(
      "SELECT device, place, entries FROM reveal WHERE ctx_hash = ? ORDER BY sequence");
  rows.bind(ctx_hash.bytes);
  std::vector<round::StoreReveal> reveals;
  while (rows.step()) {
    round::StoreReveal reveal{fixed<DeviceId>(rows.blob(0), "device"),
                              static_cast<std::uint32_t>(rows.integer(1)),
                              {},
                              rows.bytes(2)};
    const auto shares = pairwise::decode_revealed(reveal.entries);
    if (!shares) damaged("reveal");
    for (const auto& share : *shares) reveal.opened.push_back(share.has_value());
    reveals.push_back(std::move(reveal));
  }
  return reveals;
}

void RevealRows::forget(const Hash& ctx_hash) {
  database_.run("DELETE FROM vow WHERE ctx_hash = ?", ctx_hash.bytes);
  database_.run("DELETE FROM reveal WHERE ctx_hash = ?", ctx_hash.bytes);
}

}  // namespace tributary::gateway::engine
