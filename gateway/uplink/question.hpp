// Asking the store from a coroutine: the writer thread answers between its batches.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>

#include "gateway/engine/writer.hpp"

namespace tributary::gateway::uplink {

// `question` runs in the writer's transaction, after everything submitted before.
template <class Answer>
boost::asio::awaitable<Answer> ask(engine::Writer& writer,
                                   std::function<Answer(engine::Store&)> question) {
  auto initiate = [&writer, asked = std::move(question)](auto handler) mutable {
    auto answer = std::make_shared<std::optional<Answer>>();
    auto then = std::make_shared<decltype(handler)>(std::move(handler));
    writer.commit([answer, ask = std::move(asked)](engine::Store& store) { *answer = ask(store); },
                  [answer, then] { std::move (*then)(std::move(**answer)); });
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>&,
                                                 void(Answer)>(std::move(initiate),
                                                               boost::asio::use_awaitable);
}

}  // namespace tributary::gateway::uplink
