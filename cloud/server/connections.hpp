// The connections of both listeners, each plane with a room of its own: a flood of one does not shut out the other,
// and connections whose peer has not shown yet who it is make room for new ones.
#pragma once

#include <algorithm>
#include <array>
#include <list>

#include "cloud/server/call.hpp"

namespace tributary::cloud::server {

// A connection that can be told to end.
class Closable {
 public:
  virtual ~Closable() = default;
  // `at_once`: in the middle of a request too.
  virtual void close(bool at_once) = 0;
  // Its peer has shown who it is.
  virtual bool proven() const = 0;
};

// Of the owner's thread.
class Connections {
 public:
  // False: the plane has `most` connections of proven peers. Otherwise there is room for one more, if need be
  // because the oldest one that is not proven was closed.
  bool make_room(Plane plane, std::size_t most) {
    auto& list = of(plane);
    if (list.size() < most) return true;
    const auto oldest =
        std::ranges::find_if(list, [](const auto* open) { return !open->proven(); });
    if (oldest == list.end()) return false;
    Closable* leaving = *oldest;
    list.erase(oldest);
    leaving->close(true);
    return true;
  }
  void enter(Plane plane, Closable* connection) { of(plane).push_back(connection); }
  void leave(Plane plane, Closable* connection) { of(plane).remove(connection); }

  std::size_t count(Plane plane) const { return lists_[static_cast<std::size_t>(plane)].size(); }
  bool empty() const { return std::ranges::all_of(lists_, &std::list<Closable*>::empty); }
  void close_all(bool at_once) {
    for (const auto& list : lists_) {
      for (auto* connection : list) connection->close(at_once);
    }
  }

 private:
  std::list<Closable*>& of(Plane plane) { return lists_[static_cast<std::size_t>(plane)]; }
  std::array<std::list<Closable*>, 2> lists_;  // of each plane, the oldest first
};

}  // namespace tributary::cloud::server
