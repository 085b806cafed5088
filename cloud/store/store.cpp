#include "cloud/store/store.hpp"

#include <array>

#include "storage/backup.hpp"
#include "storage/schema/cloud/schema.hpp"

namespace tributary::cloud::store {
namespace {

// Bodies of statements are what is deleted most, and nothing in them is secret from whoever has the disk. Debian's
// SQLite would write zeros over every page of them: a third of all that is written. Only where it costs nothing.
void spare_the_disk(storage::Database& database) {
  database.run("PRAGMA secure_delete = FAST");
}

}  // namespace

Store::Store(const std::filesystem::path& folder, std::chrono::sys_seconds now)
    : database_(folder / "coordinator.db", {schema::cloud}, now) {
  spare_the_disk(database_);
}

std::vector<std::filesystem::path> Store::all_set_aside() const {
  return storage::set_aside_in(database_.path().parent_path());
}

void Store::begin_anew(std::chrono::sys_seconds now) {
  database_.begin_anew({schema::cloud}, now);
  spare_the_disk(database_);
}

void Store::probe() {
  database_.run("PRAGMA user_version = 0");
}

void Store::back_up(const std::filesystem::path& target) {
  storage::back_up(database_, target);
}

std::uintmax_t Store::bytes() const {
  std::error_code error;
  std::uintmax_t total = 0;
  for (const char* const suffix : std::array{"", "-wal"}) {
    const auto size = std::filesystem::file_size(database_.path().string() + suffix, error);
    if (!error) total += size;
  }
  return total;
}

}  // namespace tributary::cloud::store
