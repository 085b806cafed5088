#include "gateway/engine/chunk_journal.hpp"

#include <algorithm>

#include "crypto/hash.hpp"

namespace tributary::gateway::engine {
namespace {

constexpr std::uint32_t chunk_kind = 1;
constexpr std::size_t head_size = 16 + 16 + 4 + 16;

struct Record {
  round::ChunkStored chunk;
  ByteView words;
};

std::optional<Record> decode(std::uint32_t kind, ByteView payload) {
  if (kind != chunk_kind || payload.size() < head_size) return std::nullopt;
  std::uint32_t index = 0;
  for (std::size_t i = 0; i < 4; ++i) index |= std::uint32_t{payload[32 + i]} << (8 * i);
  return Record{{*DeviceId::from(payload.first(16)), *Nonce::from(payload.subspan(16, 16)), index,
                 *AeadTag::from(payload.subspan(36, 16))},
                payload.subspan(head_size)};
}

// Adds the chunks of the survivors, each once: into one vector, or into as many as there are survivors.
class Addition {
 public:
  Addition(const WordLayout& layout, std::span<const round::Contribution> survivors,
           std::size_t rows)
      : layout_(layout),
        survivors_(survivors),
        seen_(survivors.size() * layout.chunks),
        missing_(seen_.size()),
        rows_(rows, Bytes(layout.bytes())) {}

  void add(const Record& record) {
    const auto found =
        std::ranges::lower_bound(survivors_, record.chunk.device, {}, &round::Contribution::device);
    if (found == survivors_.end() || found->device != record.chunk.device) return;
    if (found->nonce != record.chunk.nonce || record.chunk.index >= layout_.chunks) return;
    const auto survivor = static_cast<std::size_t>(found - survivors_.begin());
    const auto chunk = survivor * layout_.chunks + record.chunk.index;
    if (seen_[chunk]) return;
    const std::size_t offset = record.chunk.index * layout_.chunk_bytes;
    if (record.words.size() != std::min(layout_.chunk_bytes, layout_.bytes() - offset)) return;
    seen_[chunk] = true;
    --missing_;
    auto& row = rows_.size() == 1 ? rows_.front() : rows_[survivor];
    crypto::ring_add(layout_.bits, std::span(row).subspan(offset, record.words.size()),
                     record.words);
  }

  std::optional<std::vector<Bytes>> result() && {
    if (missing_ > 0) return std::nullopt;
    return std::move(rows_);
  }

 private:
  WordLayout layout_;
  std::span<const round::Contribution> survivors_;
  std::vector<bool> seen_;
  std::size_t missing_;
  std::vector<Bytes> rows_;
};

}  // namespace

void ChunkJournal::append(const round::ChunkStored& chunk, ByteView words) {
  journal_.append(chunk_kind, {chunk.device.view(), chunk.nonce.view(), crypto::le32(chunk.index),
                               chunk.tag.view(), words});
}

std::vector<round::ChunkStored> ChunkJournal::recover() {
  std::vector<round::ChunkStored> chunks;
  journal_.scan([&](std::uint64_t, std::uint32_t kind, ByteView payload) {
    if (const auto record = decode(kind, payload)) chunks.push_back(record->chunk);
  });
  return chunks;
}

std::optional<Bytes> ChunkJournal::sum(const WordLayout& layout,
                                       std::span<const round::Contribution> survivors) {
  auto rows = gather(layout, survivors, 1);
  if (!rows) return std::nullopt;
  return std::move(rows->front());
}

std::optional<std::vector<Bytes>> ChunkJournal::updates(
    const WordLayout& layout, std::span<const round::Contribution> survivors) {
  return gather(layout, survivors, survivors.size());
}

std::optional<std::vector<Bytes>> ChunkJournal::gather(
    const WordLayout& layout, std::span<const round::Contribution> survivors, std::size_t rows) {
  Addition addition(layout, survivors, rows);
  journal_.scan([&](std::uint64_t, std::uint32_t kind, ByteView payload) {
    if (const auto record = decode(kind, payload)) addition.add(*record);
  });
  return std::move(addition).result();
}

}  // namespace tributary::gateway::engine
