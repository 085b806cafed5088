// The records of the POSIX port: whole, replaced at once, readable by their owner alone.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "device-protocol/ports/posix/posix.h"

namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    path = (fs::temp_directory_path() / "tributary-device-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
  }
  ~Folder() { fs::remove_all(path); }
  trib_status save(trib_record record, const std::string& head, const std::string& body) const {
    return trib_posix_save(&port(), record, head.data(), head.size(), body.data(), body.size());
  }
  std::string load(trib_record record, std::size_t offset = 0, std::size_t capacity = 100) const {
    std::string bytes(capacity, 0);
    std::size_t size = 0;
    REQUIRE(trib_posix_load(&port(), record, offset, bytes.data(), capacity, &size) == TRIB_OK);
    bytes.resize(size);
    return bytes;
  }
  const trib_posix_folder& port() const {
    folder_ = {path.c_str()};
    return folder_;
  }
  std::string path;
  mutable trib_posix_folder folder_{};
};

}  // namespace

TEST_CASE("a record is replaced as a whole and read from any offset") {
  const Folder folder;
  std::size_t size = 0;
  char byte = 0;
  CHECK(trib_posix_load(&folder.port(), TRIB_RECORD_ROUND, 0, &byte, 1, &size) == TRIB_NOT_FOUND);
  CHECK(folder.save(TRIB_RECORD_ROUND, "head", "body") == TRIB_OK);
  CHECK(folder.load(TRIB_RECORD_ROUND) == "headbody");
  CHECK(folder.load(TRIB_RECORD_ROUND, 2, 3) == "adb");
  CHECK(folder.load(TRIB_RECORD_ROUND, 8).empty());
  CHECK(folder.save(TRIB_RECORD_ROUND, "h", "") == TRIB_OK);
  CHECK(folder.load(TRIB_RECORD_ROUND) == "h");
  CHECK(folder.save(TRIB_RECORD_EPOCH, "other", "") == TRIB_OK);
  CHECK(folder.load(TRIB_RECORD_ROUND) == "h");
  CHECK(trib_posix_erase(&folder.port(), TRIB_RECORD_ROUND) == TRIB_OK);
  CHECK(trib_posix_erase(&folder.port(), TRIB_RECORD_ROUND) == TRIB_OK);
  CHECK(trib_posix_load(&folder.port(), TRIB_RECORD_ROUND, 0, &byte, 1, &size) == TRIB_NOT_FOUND);
}

TEST_CASE("only the owner can read a record, and nothing is left beside it") {
  const Folder folder;
  REQUIRE(folder.save(TRIB_RECORD_EPOCH, "secret", "") == TRIB_OK);
  int files = 0;
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    ++files;
    CHECK((entry.status().permissions() & fs::perms(077)) == fs::perms::none);
  }
  CHECK(files == 1);
}

TEST_CASE("a save that fails leaves the old record") {
  const Folder folder;
  REQUIRE(folder.save(TRIB_RECORD_ROUND, "old", "") == TRIB_OK);
  fs::create_directory(folder.path + "/record-4.new");
  CHECK(folder.save(TRIB_RECORD_ROUND, "new", "") == TRIB_STORAGE);
  CHECK(folder.load(TRIB_RECORD_ROUND) == "old");
  const trib_posix_folder nowhere = {"/nonexistent/folder"};
  CHECK(trib_posix_save(&nowhere, TRIB_RECORD_ROUND, "x", 1, "", 0) == TRIB_STORAGE);
}
