// A folder as a disk that can lose power, lie about a sync, be full or be broken. The program under test
// uses files as ever: whoever links tributary_test_disk has the system's calls on files (open, pread,
// pwrite, fsync, ftruncate, unlink, rename ..) go through here first, SQLite's as well as the journal's.
// The real files hold what a reader sees; the disk remembers beside it what is durable.
#pragma once

#include <deque>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tests/disk/file_image.hpp"

namespace tributary::disk {

enum class Call : std::uint8_t { open, read, write, sync, truncate, name };

// The calls of one process fail from a certain one on, with an errno.
struct Fault {
  std::uint64_t nth;  // 1: the next call
  int error;          // EIO, ENOSPC ..
  bool lasts;         // false: that call alone
};

// Any thread; each call is one step. Several disks may exist, on folders apart.
class Disk {
 public:
  // Watches `folder`, which exists. What is in it is durable.
  explicit Disk(const std::filesystem::path& folder);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // ---- ends of the process. From the cut on every call but close fails with EIO, so that destructors
  // leave no trace. The call that the cut falls into may have happened.
  void cut();
  void cut_at(
      std::uint64_t change);  // at this one from now on of those that change the disk, 1: the next
  bool is_cut();

  // ---- the next life. All files under the folder are closed, else std::logic_error: a leak.
  void restart_after_kill();  // what was written is there, durable or not
  // Unsynced data is there in part: any subset of its sectors, of every file. Names (files made,
  // renamed, removed) since their folder's last sync: the first so many of them, as file systems
  // log them in order. An inode number is not kept by a name that comes back.
  void restart_after_power_loss(std::uint64_t seed);

  // ---- faults
  void fail(const Fault& fault);
  void heal();
  // Calls since fail() or heal(), those of every kind that can fail.
  std::uint64_t calls();
  bool failed();            // whether the fault has been met
  std::uint64_t changes();  // calls that change the disk since the beginning

 private:
  friend class Calls;
  struct Node {
    FileImage image;
    bool forgotten = false;  // a sync failed: readers see what the medium has not
  };
  using NodePtr = std::shared_ptr<Node>;
  struct Rename {  // made: no `from`; removed: no `to`
    std::optional<std::string> from;
    std::optional<std::string> to;
    NodePtr node;
  };
  using Names = std::map<std::string, NodePtr>;

  bool admits(Call call);  // false: errno is set
  bool interrupted();      // the cut fell into this call
  NodePtr node_of(const std::string& path, bool made);
  void changed(Rename change);
  void sync_names(const std::string& folder);
  void sync_failed(Node& node);
  void refresh(Node& node, const std::string& path);
  void put_back(const Names& names);
  void require_closed() const;
  static void apply(Names& names, const Rename& change);

  std::mutex mutex_;
  std::string folder_;
  Names names_;    // as a reader sees them
  Names durable_;  // as the medium has them
  std::deque<Rename> pending_;
  std::uint64_t open_files_ = 0;
  Chance chance_{1};  // of failing syncs
  bool cut_ = false;
  bool now_ = false;  // the cut falls into the current call
  std::uint64_t changes_ = 0;
  std::uint64_t cut_at_ = 0;  // 0: never
  std::uint64_t calls_ = 0;
  bool failed_ = false;
  std::optional<Fault> fault_;
};

}  // namespace tributary::disk
