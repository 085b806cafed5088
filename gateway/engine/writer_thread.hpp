// The one thread that touches the disk while the gateway runs: drives a Writer.
#pragma once

#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <thread>

#include "gateway/engine/writer.hpp"

namespace tributary::gateway::engine {

class WriterThread {
 public:
  static constexpr std::size_t batch_bytes = 8 << 20;
  static constexpr std::chrono::milliseconds batch_wait{
      5};  // whoever comes meanwhile shares the fsync
  static constexpr std::chrono::milliseconds room_wait{500};  // between attempts on a full disk

  // Belongs to the io_context thread; the writer outlives it.
  WriterThread(boost::asio::io_context& io, Writer& writer);
  // Writes what is queued, unless the disk is full, then ends the thread. No callback runs afterwards.
  ~WriterThread();
  WriterThread(const WriterThread&) = delete;
  WriterThread& operator=(const WriterThread&) = delete;

 private:
  void submitted(std::size_t bytes);
  Writer::Batch next_batch();
  bool write(Writer::Batch& batch);
  void tell_stalled(const std::string& why);
  void run();

  boost::asio::io_context& io_;
  Writer& writer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // of the io_context thread

  std::mutex mutex_;
  std::condition_variable wake_;
  bool waiting_ = false;
  bool full_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace tributary::gateway::engine
