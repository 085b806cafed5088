// A fleet authority in a folder of its own, gone with the object.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "cloud/cli/authority.hpp"
#include "cloud/cli/files.hpp"

namespace tributary::cli {

class EmptyFolder {
 public:
  EmptyFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "tributary-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  EmptyFolder(const EmptyFolder&) = delete;
  EmptyFolder& operator=(const EmptyFolder&) = delete;
  ~EmptyFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Tenant "plant", with a coordinator at localhost and 127.0.0.1.
class AuthorityFolder {
 public:
  AuthorityFolder() : root_(folder_.path() / "fleet") {
    init_authority(root_, "plant");
    issue_coordinator(root_, {"localhost", "127.0.0.1"});
  }
  void gateway(const std::string& name, bool helper) const {
    issue_gateway(root_, {name, "acme", helper, "localhost", 8883});
  }
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path operator/(const std::filesystem::path& below) const {
    return root_ / below;
  }

 private:
  EmptyFolder folder_;
  std::filesystem::path root_;
};

// The text of the CommandFault that `action` ends with; empty when there was none.
template <class Action>
std::string fault_of(Action action) {
  try {
    action();
  } catch (const CommandFault& fault) {
    return fault.what();
  }
  return {};
}

}  // namespace tributary::cli
