#include "storage/backup.hpp"

#include <algorithm>

#include "storage/file.hpp"

namespace tributary::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece = std::size_t{1} << 20;

fs::path unfinished(const fs::path& target) {
  return target.string() + ".new";
}

// An empty file that only its owner can read, in place of what a failure left.
FileDescriptor begin(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
  return open_exclusive(path);
}

void finish(const FileDescriptor& file, const fs::path& written, const fs::path& target) {
  settle(file, written);
  rename_file(written, target);
  sync_folder_of(target);
}

}  // namespace

void back_up(Database& database, const fs::path& target) {
  const auto folder = target.parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Failure(FailureKind::other, folder.string() + ": " + error.message());
  fs::permissions(folder, fs::perms::owner_all);
  const auto written = unfinished(target);
  begin(written).close();
  database.run("VACUUM INTO ?1", written.string());
  finish(open_exclusive(written), written, target);
}

void put_back(const fs::path& backup, const fs::path& database) {
  if (fs::exists(database)) {
    throw Failure(FailureKind::other, database.string() +
                                          ": is there; stop the program, take the file and its "
                                          "-wal away, then restore");
  }
  if (!fs::is_regular_file(backup)) {
    throw Failure(FailureKind::other, backup.string() + ": there is no such file");
  }
  fs::remove(database.string() + "-wal");
  const auto source = open_exclusive(backup);
  const auto written = unfinished(database);
  const auto file = begin(written);
  std::vector<std::uint8_t> bytes(piece);
  for (std::uint64_t at = 0;; at += piece) {
    const auto got = read_at(source, at, bytes, backup);
    write_at(file, at, std::span(bytes).first(got), written);
    if (got < piece) break;
  }
  finish(file, written, database);
}

}  // namespace tributary::storage
