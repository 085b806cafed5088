// The three model buffers, the message scratch and the block for mode pairwise of one device at fixed
// addresses. Pages cost memory only from the first write until release(), the block's for as long as
// the device is booted: a thousand idle devices cost next to nothing.
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
  // Gives the pages back, but for those of the block; all content becomes zero. Only while the
  // client has no round.
  void release();

 private:
  void* base_;
  std::size_t size_;
  std::size_t released_;  // of them release() gives back, from base_ on
  trib_client_memory memory_{};
};

}  // namespace tributary::fleet
