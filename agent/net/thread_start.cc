#include "agent/net/thread_start.h"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace tickbird::net {

std::thread StartThread(const char* name, std::function<void()> body) {
  // The mask is inherited at creation, so it is set before and put back after: no moment when the thread could take
  // one.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread.native_handle(), name);
  return thread;
}

}  // namespace tickbird::net
