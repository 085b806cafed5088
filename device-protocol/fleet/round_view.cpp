#include "device-protocol/fleet/round_view.hpp"

#include <boost/json/serialize.hpp>

namespace tributary::fleet {
namespace {

namespace json = boost::json;

// Reads members of one object and remembers the first fault.
class Members {
 public:
  Members(const json::value& value, std::string what) : what_(std::move(what)) {
    object_ = value.if_object();
    if (object_ == nullptr) fault_ = what_ + " is not an object";
  }

  const json::value* find(const char* name) {
    const auto* value = object_ == nullptr ? nullptr : object_->if_contains(name);
    if (value == nullptr && fault_.empty()) fault_ = what_ + " has no member '" + name + "'";
    return value;
  }
  void read(const char* name, std::string& out) {
    const auto* value = find(name);
    if (value == nullptr || value->is_null()) return;
    if (const auto* text = value->if_string()) {
      out = *text;
    } else {
      wrong(name);
    }
  }
  template <class Number>
  void read(const char* name, Number& out) {
    const auto* value = find(name);
    if (value == nullptr || value->is_null()) return;
    boost::system::error_code error;
    const auto number = value->to_number<Number>(error);
    if (error) return wrong(name);
    out = number;
  }
  const json::array& list(const char* name) {
    static const json::array none;
    const auto* value = find(name);
    if (value == nullptr) return none;
    if (const auto* items = value->if_array()) return *items;
    wrong(name);
    return none;
  }

  template <class T>
  Outcome<T> finish(T value) const {
    if (!fault_.empty()) return Fault{"the coordinator's answer: " + fault_};
    return value;
  }

 private:
  void wrong(const char* name) {
    if (fault_.empty()) fault_ = what_ + " has a member '" + name + "' of another type";
  }

  std::string what_;
  const json::object* object_ = nullptr;
  std::string fault_;
};

template <class T>
Outcome<std::vector<T>> view_list(const json::value& value, const char* member,
                                  Outcome<T> (*view)(const json::value&)) {
  Members members(value, "a list");
  std::vector<T> items;
  for (const auto& item : members.list(member)) {
    auto one = view(item);
    if (!one) return one.error();
    items.push_back(std::move(*one));
  }
  return members.finish(std::move(items));
}

Outcome<RoundView> view_round(const json::value& value) {
  RoundView view;
  Members members(value, "a round");
  members.read("round", view.number);
  members.read("state", view.state);
  members.read("reason", view.reason);
  members.read("seconds", view.seconds);
  members.read("survivors", view.survivors);
  members.read("expected", view.expected);
  members.read("dropped", view.dropped);
  members.read("model_after", view.model_after);
  members.read("masks_removed", view.masks_removed);
  members.read("mask_seconds", view.mask_seconds);
  members.read("upload_bytes", view.upload_bytes);
  members.read("train_loss", view.train_loss);
  members.read("train_accuracy", view.train_accuracy);
  return members.finish(std::move(view));
}

Outcome<SurvivorsView> view_gateway_survivors(const json::value& value) {
  SurvivorsView view;
  Members members(value, "a gateway's survivors");
  members.read("gateway", view.gateway);
  members.read("ctx_hash", view.ctx_hash);
  members.read("sum_hash", view.sum_hash);
  members.read("scope_id", view.scope_id);
  for (const auto& id : members.list("device_ids")) {
    const auto* text = id.if_string();
    if (text == nullptr) return Fault{"the coordinator's answer: a device id is not a string"};
    view.device_ids.emplace_back(*text);
  }
  return members.finish(std::move(view));
}

bool has_privacy_member(const json::object& spec, const char* name) {
  const auto* privacy = spec.if_contains("privacy");
  return privacy != nullptr && privacy->is_object() && privacy->get_object().contains(name);
}

// The noise that devices add themselves is in the vectors they told; that of gateway and helpers is not.
bool exact_sums(const json::object& spec) {
  const auto* aggregation = spec.if_contains("device_aggregation");
  const auto* rule = aggregation != nullptr && aggregation->is_object()
                         ? aggregation->get_object().if_contains("rule")
                         : nullptr;
  const bool noisy =
      has_privacy_member(spec, "epsilon") || has_privacy_member(spec, "noise_multiplier");
  return !noisy && (rule == nullptr || *rule == "mean");
}

}  // namespace

Outcome<TaskView> view_task(const json::value& task) {
  TaskView view;
  Members members(task, "a task");
  members.read("id", view.id);
  members.read("name", view.name);
  members.read("state", view.state);
  members.read("state_reason", view.state_reason);
  if (const auto* spec = members.find("spec")) {
    view.spec = json::serialize(*spec);
    Members inner(*spec, "a task's spec");
    inner.read("model", view.model);
    inner.read("rounds", view.rounds);
    if (auto read = inner.finish(0); !read) return read.error();
    view.exact_sums = exact_sums(spec->as_object());
    view.device_noise = has_privacy_member(spec->as_object(), "device_noise");
  }
  return members.finish(std::move(view));
}

Outcome<std::vector<RoundView>> view_rounds(const json::value& list) {
  return view_list<RoundView>(list, "items", view_round);
}

Outcome<std::vector<SurvivorsView>> view_survivors(const json::value& list) {
  return view_list<SurvivorsView>(list, "gateways", view_gateway_survivors);
}

}  // namespace tributary::fleet
