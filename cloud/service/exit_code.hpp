// How every Tributary program ends.
#pragma once

namespace tributary::service {

enum ExitCode : int {
  exit_success = 0,
  exit_failure = 1,        // something failed at run time
  exit_configuration = 2,  // usage or configuration: starting again changes nothing
};

}  // namespace tributary::service
