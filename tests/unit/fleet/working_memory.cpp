#include "device-protocol/fleet/working_memory.hpp"

#include <doctest/doctest.h>

using namespace tributary::fleet;

TEST_CASE("what a released device gives back is its model, not what it knows of its group") {
  WorkingMemory memory(1000);
  const auto& parts = memory.memory();
  CHECK(parts.pairwise_size >= trib_pairwise_bytes(5000, 254));
  CHECK(parts.message_size >= 220 + 96 * 254);
  auto* block = static_cast<unsigned char*>(parts.pairwise);
  block[0] = 7;
  block[parts.pairwise_size - 1] = 9;
  parts.weights[999] = 1.0F;
  parts.gradient[999] = 1.0F;
  parts.message[parts.message_size - 1] = 1;
  memory.release();
  CHECK(parts.weights[999] == 0.0F);
  CHECK(parts.gradient[999] == 0.0F);
  CHECK(parts.message[parts.message_size - 1] == 0);
  CHECK(block[0] == 7);
  CHECK(block[parts.pairwise_size - 1] == 9);
}
