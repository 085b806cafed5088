// The three model buffers and the message scratch of one device at fixed addresses, and what it keeps of its
// group in mode pairwise. Pages cost memory only from the first write until release(): a thousand idle devices
// cost next to nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tributary/client.h"

namespace tributary::fleet {

class WorkingMemory {
 public:
  // Reserves address space for models of `parameters` and the largest message of the protocol.
  // Throws std::bad_alloc when the system refuses.
  explicit WorkingMemory(std::uint32_t parameters);
  WorkingMemory(const WorkingMemory&) = delete;
  WorkingMemory& operator=(const WorkingMemory&) = delete;
  ~WorkingMemory();

  // Valid and unmoved as long as this object.
  const trib_client_memory& memory() const { return memory_; }
  // Gives the pages back but for the group's; their content becomes zero. Only while the client has no round.
  void release();

 private:
  void* base_;
  std::size_t size_;      // of what release() gives back
  std::size_t reserved_;  // with the group's pages behind it
  trib_client_memory memory_{};
};

}  // namespace tributary::fleet
