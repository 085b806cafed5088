// The broker's psk and acl files, as texts: who gets in, and whom the shipped access list's patterns, which
// hold for every name, must not let in. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "crypto/secret.hpp"

namespace tributary::gateway::enrolment {

using BrokerKey = crypto::Secret<struct BrokerKeyTag, 32>;

// A key file's content: 64 hexadecimal digits and nothing else but a line end. nullopt: malformed or empty.
std::optional<BrokerKey> read_key(std::string_view text);

struct BrokerNames {
  std::map<std::string, BrokerKey> people;  // gateway, operator, viewer
  std::map<DeviceId, BrokerKey> devices;    // active ones
  std::map<DeviceId, BrokerKey> claims;     // listed and pending ones, by their claim secret
  std::set<DeviceId> revoked;               // denied everything, whatever session is still open
  std::map<DeviceId, BrokerKey>
      closing;  // revoked: a key nobody else knows, to close their session with
};

inline constexpr std::string_view claim_user = "claim-";  // and the hex id

// One NAME:HEX a line.
std::string psk_text(const BrokerNames& names);
// The shipped list, then denials. nullopt: what was shipped gives the gateway no access, so it is not the list.
std::optional<std::string> acl_text(std::string_view shipped, const BrokerNames& names);
// Keys of devices in a psk file that was written before there were key files; empty where it is malformed.
std::map<DeviceId, BrokerKey> keys_in(std::string_view psk);

}  // namespace tributary::gateway::enrolment
