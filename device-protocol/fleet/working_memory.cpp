#include "device-protocol/fleet/working_memory.hpp"

#include <sys/mman.h>

#include <new>

namespace tributary::fleet {
namespace {

constexpr std::size_t kLargestMessage = 262208;  // PROTOCOL.md 2
constexpr std::size_t kPage = 4096;
constexpr std::uint32_t kMostDevices = 5000;  // of a pairwise group, PROTOCOL.md 10.1
constexpr std::uint32_t kMostNeighbours = 254;

std::size_t whole_pages(std::size_t bytes) {
  return (bytes + kPage - 1) / kPage * kPage;
}

}  // namespace

WorkingMemory::WorkingMemory(std::uint32_t parameters) {
  const auto buffer = whole_pages(std::size_t{parameters} * sizeof(float));
  const auto block = whole_pages(trib_pairwise_bytes(kMostDevices, kMostNeighbours));
  released_ = 3 * buffer + whole_pages(kLargestMessage);
  size_ = released_ + block;
  base_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base_ == MAP_FAILED) throw std::bad_alloc();
  auto* bytes = static_cast<unsigned char*>(base_);
  memory_.weights = static_cast<float*>(static_cast<void*>(bytes));
  memory_.initial = static_cast<float*>(static_cast<void*>(bytes + buffer));
  memory_.gradient = static_cast<float*>(static_cast<void*>(bytes + 2 * buffer));
  memory_.parameters = parameters;
  memory_.message = bytes + 3 * buffer;
  memory_.message_size = kLargestMessage;
  memory_.pairwise = bytes + released_;
  memory_.pairwise_size = block;
}

WorkingMemory::~WorkingMemory() {
  ::munmap(base_, size_);
}

void WorkingMemory::release() {
  ::madvise(base_, released_, MADV_DONTNEED);
}

}  // namespace tributary::fleet
