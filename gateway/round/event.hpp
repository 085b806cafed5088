// What happens to a round. Every message of a device arrives decoded, from a certified device.
#pragma once

#include <string>
#include <variant>

#include "gateway/round/contribution.hpp"

namespace tributary::gateway::round {

struct UploadRequested {
  DeviceId device;
  Nonce nonce;
  std::uint32_t total;
};

// A chunk that judge_chunk() wanted: its tag verified, its words queued for the journal before any
// effect of this event.
struct ChunkStored {
  DeviceId device;
  Nonce nonce;
  std::uint32_t index;
  AeadTag tag;
};

struct HeaderArrived {
  Contribution contribution;
  std::uint32_t total;
};

// StoreContribution has been carried out; a receipt is true from now on.
struct ContributionDurable {
  DeviceId device;
};

// FixSurvivors has been carried out.
struct SurvivorsDurable {
  Hash survivors_hash;
};

// ComputeSum has been carried out; Y as little-endian words.
struct SumReady {
  Hash survivors_hash;
  Bytes words;
};

// There is no sum: the disk lost something, or the task's rule cannot be kept.
struct SumFailed {
  Hash survivors_hash;
  std::string reason;
};

// A helper of this round refused these devices, signed, for the current survivors.
struct DevicesDropped {
  Hash survivors_hash;
  std::vector<DeviceId> devices;
};

// The device's certificate was withdrawn.
struct DeviceRevoked {
  DeviceId device;
};

// The coordinator's last word on this round.
struct OutcomeArrived {
  bool released;
};

struct Tick {};

// Mode pairwise. A member's signature on this round's survivors, verified.
struct VowArrived {
  DeviceId device;
  Signature signature;
};

// StoreVow has been carried out.
struct VowDurable {
  std::uint32_t witness;
};

struct SharesAsked {
  DeviceId device;
  std::uint32_t place;
};

// Opened by the gateway, entries well-formed, at most 16 of them.
struct RevealArrived {
  DeviceId device;
  std::uint32_t place;
  std::vector<bool> opened;  // per share; false: it would not open
  Bytes entries;             // as crypto/pairwise/reveal_box.hpp encodes them; secret
};

// StoreReveal has been carried out.
struct RevealDurable {
  DeviceId device;
  std::uint32_t place;
  std::vector<bool> opened;
};

// The shares that were durable do not give these members' secrets, whichever of them are taken.
struct SecretsWrong {
  Hash survivors_hash;
  std::vector<std::uint32_t> owners;
};

using Event =
    std::variant<UploadRequested, ChunkStored, HeaderArrived, ContributionDurable, SurvivorsDurable,
                 SumReady, SumFailed, DevicesDropped, DeviceRevoked, OutcomeArrived, Tick,
                 VowArrived, VowDurable, SharesAsked, RevealArrived, RevealDurable, SecretsWrong>;

}  // namespace tributary::gateway::round
