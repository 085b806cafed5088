#include "cloud/server/problem.hpp"

#include <boost/json/serialize.hpp>

namespace tributary::cloud::server {
namespace {

namespace json = boost::json;

std::string title_of(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

Answer problem_answer(unsigned status, const std::string& type, const std::string& detail,
                      json::object members = {}) {
  members["type"] = type;
  members["title"] = title_of(status);
  members["status"] = status;
  members["detail"] = detail;
  return {status, problem_media, json::serialize(members)};
}

}  // namespace

Answer problem(unsigned status, const std::string& detail) {
  return problem_answer(status, "about:blank", detail);
}

Answer problem(const engine::Declined& declined) {
  switch (declined.kind) {
    case engine::Decline::malformed:
      return problem_answer(400, "urn:tributary:malformed", declined.text);
    case engine::Decline::unverified:
      return problem_answer(422, "urn:tributary:unverified", declined.text);
    case engine::Decline::unknown:
      return problem_answer(404, "urn:tributary:unknown", declined.text);
    case engine::Decline::conflict:
      return problem_answer(409, "urn:tributary:conflict", declined.text);
    case engine::Decline::ended:
      break;
  }
  return problem_answer(410, "urn:tributary:round-ended", declined.text);
}

Answer problem(const std::vector<round::SpecFault>& faults) {
  json::array list;
  std::string detail;
  for (const auto& fault : faults) {
    if (!detail.empty()) detail += "; ";
    detail += fault.member.empty() ? fault.text : fault.member + ' ' + fault.text;
    list.push_back(json::object{{"member", fault.member}, {"detail", fault.text}});
  }
  return problem_answer(422, "urn:tributary:task-spec", detail, {{"faults", std::move(list)}});
}

}  // namespace tributary::cloud::server
