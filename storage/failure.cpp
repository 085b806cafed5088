#include "storage/failure.hpp"

#include <cerrno>
#include <system_error>

namespace tributary::storage {
namespace {

FailureKind kind_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return FailureKind::full;
    case EWOULDBLOCK:
      return FailureKind::locked;
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case EMFILE:
    case ENFILE:
      return FailureKind::other;
    default:
      return FailureKind::io;
  }
}

}  // namespace

const char* name_of(FailureKind kind) {
  switch (kind) {
    case FailureKind::full:
      return "full";
    case FailureKind::io:
      return "io";
    case FailureKind::corrupt:
      return "corrupt";
    case FailureKind::locked:
      return "locked";
    case FailureKind::newer:
      return "newer";
    case FailureKind::other:
      break;
  }
  return "other";
}

Failure system_failure(const std::string& what, int error_number) {
  return {kind_of(error_number), what + ": " + std::generic_category().message(error_number)};
}

}  // namespace tributary::storage
