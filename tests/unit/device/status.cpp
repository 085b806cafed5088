#include "tributary/status.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

TEST_CASE("every status has its own words, and no number is without") {
  std::set<std::string> texts;
  for (int status = TRIB_OK; status <= TRIB_BAD_ARGUMENT; ++status) {
    texts.insert(trib_status_text(static_cast<trib_status>(status)));
  }
  CHECK(texts.size() == TRIB_BAD_ARGUMENT + 1);
  CHECK_FALSE(texts.contains("unknown status"));
}
