#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "device-protocol/fleet/device_storage.hpp"
#include "device-protocol/ports/posix/posix.h"

namespace tributary::fleet {
namespace {

class FileStorage : public DeviceStorage {
 public:
  FileStorage(Bytes identity, const std::filesystem::path& folder)
      : identity_(std::move(identity)),
        path_(folder.string()),
        model_file_(folder / "model"),
        folder_{path_.c_str()} {}

  trib_status load(trib_record record, std::size_t offset, void* out, std::size_t capacity,
                   std::size_t* size) override {
    if (record != TRIB_RECORD_IDENTITY) {
      return trib_posix_load(&folder_, record, offset, out, capacity, size);
    }
    *size = offset < identity_.size() ? std::min(capacity, identity_.size() - offset) : 0;
    if (*size > 0) std::memcpy(out, identity_.data() + offset, *size);
    return TRIB_OK;
  }
  trib_status save(trib_record record, ByteView head, ByteView body) override {
    return trib_posix_save(&folder_, record, head.data(), head.size(), body.data(), body.size());
  }
  trib_status erase(trib_record record) override { return trib_posix_erase(&folder_, record); }

  LastModel last_model() override {
    LastModel model;
    std::ifstream file(model_file_);
    if (!(file >> model.name >> model.parameters)) return {};
    return model;
  }
  // Only a hint: without it a round in progress is given up after a restart.
  void keep_last_model(const LastModel& model) override {
    std::ofstream(model_file_, std::ios::trunc) << model.name << ' ' << model.parameters << '\n';
  }

 private:
  const Bytes identity_;
  const std::string path_;
  const std::filesystem::path model_file_;
  const trib_posix_folder folder_;
};

}  // namespace

std::unique_ptr<DeviceStorage> make_file_storage(const Bytes& identity,
                                                 const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || ::chmod(folder.c_str(), 0700) != 0) return nullptr;
  return std::make_unique<FileStorage>(identity, folder);
}

}  // namespace tributary::fleet
