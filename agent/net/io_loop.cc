#include "agent/net/io_loop.h"

#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>

#include "core/base/log.h"

namespace tickbird::net {

IoLoop::IoLoop() : context_(std::make_unique<boost::asio::io_context>()) {}
IoLoop::~IoLoop() = default;

void IoLoop::Run() {
  const auto keep_running = boost::asio::make_work_guard(*context_);
  while (!context_->stopped()) {
    try {
      context_->run();
    } catch (const std::exception& e) {
      // One broken handler must not take sampling and alerting with it.
      ++caught_exceptions_;
      log::Err("exception on the I/O thread", {{"what", e.what()}});
    }
  }
  context_->restart();
}

void IoLoop::Stop() {
  context_->stop();
}

void IoLoop::Post(Function function) {
  boost::asio::post(*context_, std::move(function));
}

void IoLoop::Dispatch(Function function) {
  boost::asio::dispatch(*context_, std::move(function));
}

bool IoLoop::IsLoopThread() const {
  return context_->get_executor().running_in_this_thread();
}

}  // namespace tickbird::net
