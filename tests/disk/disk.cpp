#include "tests/disk/disk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>

#include "tests/disk/calls.hpp"

namespace tributary::disk {
namespace {

// Not through the calls that are watched: a stream opens its file inside the C library.
Bytes content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void set_content(const std::string& path, const Bytes& content) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char*>(content.data()),
             static_cast<std::streamsize>(content.size()));
}

std::string parent_of(const std::string& path) {
  return std::filesystem::path(path).parent_path().string();
}

}  // namespace

Disk::Disk(const std::filesystem::path& folder)
    : folder_(std::filesystem::absolute(folder).lexically_normal().string()) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
    if (!entry.is_regular_file()) continue;
    const auto path = entry.path().string();
    names_[path] = std::make_shared<Node>(Node{FileImage(content_of(path)), false});
  }
  durable_ = names_;
  Calls::watch(*this);
}

Disk::~Disk() {
  Calls::unwatch(*this);
}

void Disk::cut() {
  const std::lock_guard lock(mutex_);
  cut_ = true;
}

void Disk::cut_at(std::uint64_t change) {
  const std::lock_guard lock(mutex_);
  cut_at_ = changes_ + change;
}

bool Disk::is_cut() {
  const std::lock_guard lock(mutex_);
  return cut_;
}

void Disk::fail(const Fault& fault) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  calls_ = 0;
  failed_ = false;
}

void Disk::heal() {
  const std::lock_guard lock(mutex_);
  fault_.reset();
  calls_ = 0;
  failed_ = false;
}

std::uint64_t Disk::calls() {
  const std::lock_guard lock(mutex_);
  return calls_;
}

bool Disk::failed() {
  const std::lock_guard lock(mutex_);
  return failed_;
}

std::uint64_t Disk::changes() {
  const std::lock_guard lock(mutex_);
  return changes_;
}

bool Disk::admits(Call call) {
  now_ = false;
  if (cut_) {
    errno = EIO;
    return false;
  }
  ++calls_;
  if (fault_ && (calls_ == fault_->nth || (fault_->lasts && calls_ > fault_->nth))) {
    failed_ = true;
    errno = fault_->error;
    return false;
  }
  if (call != Call::read && call != Call::open) now_ = ++changes_ == cut_at_;
  return true;
}

// Asked after the call has been made: it happened, and nobody will hear of it.
bool Disk::interrupted() {
  if (!now_) return false;
  now_ = false;
  cut_ = true;
  errno = EIO;
  return true;
}

Disk::NodePtr Disk::node_of(const std::string& path, bool made) {
  const auto known = names_.find(path);
  if (known != names_.end()) return known->second;
  // A file that came to be without our seeing counts as durable.
  auto node = std::make_shared<Node>(Node{FileImage(made ? Bytes() : content_of(path)), false});
  if (made) {
    changed({std::nullopt, path, node});
  } else {
    names_[path] = durable_[path] = node;
  }
  return node;
}

void Disk::apply(Names& names, const Rename& change) {
  if (change.from) names.erase(*change.from);
  if (change.to) names[*change.to] = change.node;
}

void Disk::changed(Rename change) {
  apply(names_, change);
  pending_.push_back(std::move(change));
}

void Disk::sync_names(const std::string& folder) {
  std::deque<Rename> elsewhere;
  for (const Rename& change : pending_) {
    if (parent_of(change.to ? *change.to : *change.from) == folder) {
      apply(durable_, change);
    } else {
      elsewhere.push_back(change);
    }
  }
  pending_ = std::move(elsewhere);
}

// As Linux does it: what could not be written counts as written, and nobody is told twice.
void Disk::sync_failed(Node& node) {
  node.image.lose(chance_);
  node.forgotten = true;
}

void Disk::refresh(Node& node, const std::string& path) {
  if (!node.forgotten) return;
  set_content(path, node.image.newest());
  node.forgotten = false;
}

void Disk::require_closed() const {
  if (open_files_ > 0) {
    throw std::logic_error(std::to_string(open_files_) + " files of the life before are open");
  }
}

void Disk::restart_after_kill() {
  const std::lock_guard lock(mutex_);
  require_closed();
  cut_ = false;
  cut_at_ = 0;
}

void Disk::restart_after_power_loss(std::uint64_t seed) {
  const std::lock_guard lock(mutex_);
  require_closed();
  Chance chance(seed);
  const std::size_t logged = chance() % (pending_.size() + 1);
  for (std::size_t i = 0; i < logged; ++i) apply(durable_, pending_[i]);
  pending_.clear();
  for (const auto& [path, node] : durable_) {
    node->image.lose(chance);
    node->forgotten = false;
  }
  put_back(durable_);
  cut_ = false;
  cut_at_ = 0;
}

void Disk::put_back(const Names& names) {
  for (const auto& [path, node] : names_) {
    if (!names.contains(path)) ::unlinkat(AT_FDCWD, path.c_str(), 0);  // not watched
  }
  for (const auto& [path, node] : names) set_content(path, node->image.durable());
  names_ = names;
}

}  // namespace tributary::disk
