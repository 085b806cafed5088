// The loops under ring_add, chosen once per process for the processor at hand.
#pragma once

#include "crypto/ring.hpp"

namespace tributary::crypto {

// sum += addend over `size` bytes, a whole number of words; the ranges do not overlap.
using RingAdd = void (*)(std::uint8_t* sum, const std::uint8_t* addend, std::size_t size);

struct RingKernels {
  RingAdd add16;
  RingAdd add24;
  RingAdd add32;

  RingAdd add(RingBits bits) const {
    switch (bits) {
      case RingBits::b16:
        return add16;
      case RingBits::b24:
        return add24;
      case RingBits::b32:
        break;
    }
    return add32;
  }
};

// Thread safe; the same table for the life of the process.
const RingKernels& ring_kernels();
// Works on every processor; ring_kernels() must agree with it.
RingKernels portable_ring_kernels();

}  // namespace tributary::crypto
