// The journal of one round: the masked words of every accepted chunk, decrypted.
//   record kind 1, payload = device_id (16) || nonce (16) || index u32le || tag (16) || words
#pragma once

#include "crypto/ring.hpp"
#include "gateway/round/contribution.hpp"
#include "gateway/round/event.hpp"
#include "storage/journal.hpp"

namespace tributary::gateway::engine {

struct WordLayout {
  crypto::RingBits bits;
  std::size_t words;        // of a whole upload
  std::size_t chunk_bytes;  // of every chunk but the last
  std::uint32_t chunks;
  std::size_t bytes() const { return words * crypto::word_bytes(bits); }
};

// Owned by one thread at a time: the writer while the round collects, afterwards the worker that
// adds up. Throws storage::Failure.
class ChunkJournal {
 public:
  explicit ChunkJournal(std::filesystem::path path) : journal_(std::move(path)) {}

  void append(const round::ChunkStored& chunk, ByteView words);
  void sync() { journal_.sync(); }
  std::uint64_t size() const { return journal_.size(); }
  void remove() { journal_.remove(); }

  // Every chunk in the file, in order; what a crash tore off its end is cut.
  std::vector<round::ChunkStored> recover();

  // Y: the words of these contributions (ascending by device), added up modulo 2^bits. Memory: Y and
  // a bit per chunk. nullopt: a chunk is missing or has another size than the layout says.
  std::optional<Bytes> sum(const WordLayout& layout,
                           std::span<const round::Contribution> survivors);
  // The words of each of them, in the order of `survivors`. Memory: all of it.
  std::optional<std::vector<Bytes>> updates(const WordLayout& layout,
                                            std::span<const round::Contribution> survivors);

 private:
  std::optional<std::vector<Bytes>> gather(const WordLayout& layout,
                                           std::span<const round::Contribution> survivors,
                                           std::size_t rows);

  storage::Journal journal_;
};

}  // namespace tributary::gateway::engine
