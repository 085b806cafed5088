#include <algorithm>
#include <cstring>

#include "device-protocol/fleet/device_storage.hpp"

namespace tributary::fleet {
namespace {

class VolatileStorage : public DeviceStorage {
 public:
  explicit VolatileStorage(const Bytes& identity) { records_[TRIB_RECORD_IDENTITY] = identity; }

  trib_status load(trib_record record, std::size_t offset, void* out, std::size_t capacity,
                   std::size_t* size) override {
    const auto found = records_.find(record);
    if (found == records_.end()) return TRIB_NOT_FOUND;
    const auto& bytes = found->second;
    *size = offset < bytes.size() ? std::min(capacity, bytes.size() - offset) : 0;
    if (*size > 0) std::memcpy(out, bytes.data() + offset, *size);
    return TRIB_OK;
  }
  trib_status save(trib_record record, ByteView head, ByteView body) override {
    auto& bytes = records_[record];
    bytes.assign(head.begin(), head.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
    return TRIB_OK;
  }
  trib_status erase(trib_record record) override {
    records_.erase(record);
    return TRIB_OK;
  }
  LastModel last_model() override { return last_model_; }
  void keep_last_model(const LastModel& model) override { last_model_ = model; }

 private:
  std::map<trib_record, Bytes> records_;
  LastModel last_model_;
};

}  // namespace

std::unique_ptr<DeviceStorage> make_volatile_storage(const Bytes& identity) {
  return std::make_unique<VolatileStorage>(identity);
}

}  // namespace tributary::fleet
