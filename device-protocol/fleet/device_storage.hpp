// The durable records of one device (tributary/port.h), in files or in memory, and next to them the
// model string it last trained, so that a restarted process gives the device the same trainer.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "crypto/bytes.hpp"
#include "tributary/port.h"

namespace tributary::fleet {

struct LastModel {
  std::string name;
  std::uint32_t parameters = 0;
};

// Survives the device's reboots. One thread at a time. The identity record is given, not stored.
class DeviceStorage {
 public:
  virtual ~DeviceStorage() = default;
  virtual trib_status load(trib_record record, std::size_t offset, void* out, std::size_t capacity,
                           std::size_t* size) = 0;
  virtual trib_status save(trib_record record, ByteView head, ByteView body) = 0;
  virtual trib_status erase(trib_record record) = 0;
  virtual LastModel last_model() = 0;
  virtual void keep_last_model(const LastModel& model) = 0;
};

// Records in memory: they outlive a vanished device, not the process.
std::unique_ptr<DeviceStorage> make_volatile_storage(const Bytes& identity);

// Records as files in `folder`, which is created with mode 0700; durable when saved. nullptr when
// the folder cannot be made.
std::unique_ptr<DeviceStorage> make_file_storage(const Bytes& identity,
                                                 const std::filesystem::path& folder);

}  // namespace tributary::fleet
