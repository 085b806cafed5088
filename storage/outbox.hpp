// A durable queue of messages to other parties, in a table of the program's database: include
// tributary::schema::outbox ("storage/schema/outbox/schema.hpp") in its sets.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.hpp"

namespace tributary::storage {

using Milliseconds = std::chrono::sys_time<std::chrono::milliseconds>;

// Every change is one statement: durable at once, or together with the transaction it is made in.
// Throws Failure. The database outlives it.
class Outbox {
 public:
  struct Message {
    std::string key;
    std::string destination;
    std::vector<std::uint8_t> content;
    Milliseconds created_at;
    std::uint32_t attempts;
    std::string last_error;  // of the last attempt, empty before the first
  };

  explicit Outbox(Database& database) : database_(database) {}

  // Queues a message that is due at once. False, and nothing changes, when the key is queued
  // already. A key that was delivered is forgotten and can be queued again.
  bool put(std::string_view key, std::string_view destination, Blob content,
           Milliseconds created_at);

  // The messages due at `now`, at most `limit`, in the order they were put.
  std::vector<Message> due(Milliseconds now, std::uint32_t limit);

  // Removes it. False: it was not queued.
  bool delivered(std::string_view key);
  // Keeps it for another attempt. False: it was not queued.
  bool reschedule(std::string_view key, Milliseconds next_attempt_at, std::uint32_t attempts,
                  std::string_view last_error);

  // Looking costs the same however much waits; the class itself refuses nothing.
  struct Size {
    std::uint64_t messages;
    std::uint64_t bytes;  // of the contents
  };
  Size size();
  std::uint64_t count() { return size().messages; }
  std::optional<Milliseconds> oldest();        // created_at of the first; nullopt when empty
  std::optional<Milliseconds> next_attempt();  // earliest; nullopt when empty

 private:
  Database& database_;
};

}  // namespace tributary::storage
