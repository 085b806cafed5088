// One file on a medium: what is there for good, and what has been written since the last sync.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace tributary::disk {

using Bytes = std::vector<std::uint8_t>;
using Chance = std::mt19937_64;

// Changes are kept in order and are cut into sectors only when power is lost. Memory: twice the file.
class FileImage {
 public:
  static constexpr std::size_t sector = 512;  // survives as a whole or not at all

  explicit FileImage(Bytes durable = {}) : durable_(std::move(durable)) {}

  void write(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  void truncate(std::uint64_t size);
  void sync();
  // Loss of power, or a sync that failed: each pending change is durable or gone, sector by sector,
  // whatever came before or after it.
  void lose(Chance& chance);

  const Bytes& durable() const { return durable_; }
  Bytes newest() const;  // as a reader sees it

 private:
  struct Change {
    std::uint64_t offset;
    Bytes bytes;
    bool truncation;
  };
  static void apply(Bytes& image, const Change& change);
  void keep_some(const Change& change, Chance& chance, std::uint32_t percent);

  Bytes durable_;
  std::vector<Change> pending_;
};

}  // namespace tributary::disk
