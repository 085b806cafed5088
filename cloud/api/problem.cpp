#include "cloud/api/problem.hpp"

#include <boost/json.hpp>

namespace tributary::api {

std::string problem_text(unsigned status, std::string_view body) {
  boost::system::error_code error;
  const auto value = boost::json::parse({body.data(), body.size()}, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto* detail = object ? object->if_contains("detail") : nullptr;
  if (detail != nullptr && detail->is_string()) return std::string(detail->get_string());
  return "HTTP status " + std::to_string(status);
}

}  // namespace tributary::api
