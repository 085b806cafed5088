#include "tests/disk/file_image.hpp"

#include <algorithm>

namespace tributary::disk {
namespace {

std::uint64_t below(Chance& chance, std::uint64_t bound) {
  return chance() % bound;
}

}  // namespace

void FileImage::write(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  pending_.push_back({offset, Bytes(bytes.begin(), bytes.end()), false});
}

void FileImage::truncate(std::uint64_t size) {
  pending_.push_back({size, {}, true});
}

void FileImage::apply(Bytes& image, const Change& change) {
  if (change.truncation) return image.resize(change.offset);
  const std::uint64_t end = change.offset + change.bytes.size();
  if (image.size() < end) image.resize(end);
  std::ranges::copy(change.bytes, image.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void FileImage::sync() {
  for (const Change& change : pending_) apply(durable_, change);
  pending_.clear();
}

Bytes FileImage::newest() const {
  Bytes image = durable_;
  for (const Change& change : pending_) apply(image, change);
  return image;
}

// Disks differ: some lose all, some only the newest or the oldest, some every second sector.
void FileImage::lose(Chance& chance) {
  const std::size_t turn = below(chance, pending_.size() + 1);
  const auto habit = below(chance, 6);
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    switch (habit) {
      case 0:
        break;
      case 1:
        keep_some(pending_[i], chance, i < turn ? 100 : 0);
        break;
      case 2:
        keep_some(pending_[i], chance, i < turn ? 0 : 100);
        break;
      case 3:
        keep_some(pending_[i], chance, i < turn ? 100 : 50);
        break;
      case 4:
        keep_some(pending_[i], chance, 90);
        break;
      default:
        keep_some(pending_[i], chance, 50);
    }
  }
  pending_.clear();
}

void FileImage::keep_some(const Change& change, Chance& chance, std::uint32_t percent) {
  if (change.truncation) {
    if (below(chance, 100) < percent) apply(durable_, change);
    return;
  }
  const std::uint64_t end = change.offset + change.bytes.size();
  // The size may have reached the medium without the data: what is there then is anybody's.
  if (durable_.size() < end && percent > 0 && below(chance, 4) == 0) {
    durable_.resize(end, below(chance, 2) == 0 ? 0 : static_cast<std::uint8_t>(chance()));
  }
  for (std::uint64_t at = change.offset; at < end;) {
    const std::uint64_t stop = std::min(end, (at / sector + 1) * sector);
    if (below(chance, 100) < percent) {
      const auto from = change.bytes.begin() + static_cast<std::ptrdiff_t>(at - change.offset);
      const auto length = static_cast<std::ptrdiff_t>(stop - at);
      apply(durable_, {at, Bytes(from, from + length), false});
    }
    at = stop;
  }
}

}  // namespace tributary::disk
