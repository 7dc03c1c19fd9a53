#pragma once

#include <functional>
#include <thread>

namespace tickbird::net {

/// A thread that shows under `name` (at most 15 bytes) in ps and debuggers and takes no signals: those are the I/O
/// thread's.
std::thread StartThread(const char* name, std::function<void()> body);

}  // namespace tickbird::net
