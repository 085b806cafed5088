#include "storage/archive.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/file.hpp"

namespace tributary::storage {
namespace {

constexpr std::string_view sign = ".corrupt-";

struct Archived {
  std::filesystem::path path;
  std::uint64_t seconds = 0;
  std::uint64_t copy = 1;
  auto age() const { return std::pair(seconds, copy); }
};

// nullopt: not a database that was set aside; its log, for example.
std::optional<Archived> archived(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  const auto at = name.find(sign);
  if (at == std::string::npos) return std::nullopt;
  Archived found{path, 0, 1};
  const char* const end = name.data() + name.size();
  auto read = std::from_chars(name.data() + at + sign.size(), end, found.seconds);
  if (read.ec != std::errc()) return std::nullopt;
  if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, found.copy);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return found;
}

std::vector<Archived> all_in(const std::filesystem::path& folder, const std::string& prefix) {
  std::vector<Archived> all;
  std::error_code gone;
  for (const auto& entry : std::filesystem::directory_iterator(folder, gone)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    if (auto found = archived(entry.path())) all.push_back(std::move(*found));
  }
  std::ranges::sort(all, {}, &Archived::age);
  return all;
}

void keep_newest(const std::filesystem::path& database) {
  auto all = all_in(database.parent_path(), database.filename().string() + std::string(sign));
  if (all.size() <= set_aside_kept) return;
  all.resize(all.size() - set_aside_kept);
  for (const auto& old : all) {
    std::filesystem::remove(old.path);
    std::filesystem::remove(old.path.string() + "-wal");
  }
}

}  // namespace

std::filesystem::path set_aside(const std::filesystem::path& database,
                                std::chrono::sys_seconds now) {
  const std::string stem =
      database.string() + std::string(sign) + std::to_string(now.time_since_epoch().count());
  std::string target = stem;
  for (int copy = 2; std::filesystem::exists(target); ++copy) {
    target = stem + "-" + std::to_string(copy);
  }
  // The database first: a log without its database is removed at the next open, a database
  // without its log would look whole and have lost commits.
  rename_file(database, target);
  if (std::filesystem::exists(database.string() + "-wal")) {
    rename_file(database.string() + "-wal", target + "-wal");
  }
  keep_newest(std::filesystem::absolute(database));
  sync_folder_of(database);
  return target;
}

std::vector<std::filesystem::path> set_aside_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (auto& found : all_in(folder, "")) paths.push_back(std::move(found.path));
  return paths;
}

}  // namespace tributary::storage
