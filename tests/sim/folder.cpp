#include "tests/sim/folder.hpp"

#include <stdlib.h>

#include <stdexcept>

namespace tributary::sim {

// In memory where there is such a place: fsync is what the world waits for otherwise.
Folder::Folder() {
  const std::filesystem::path memory = "/dev/shm";
  const auto base =
      std::filesystem::exists(memory) ? memory : std::filesystem::temp_directory_path();
  std::string pattern = (base / "tributary-sim-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder under " + pattern);
  path_ = pattern;
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tributary::sim
