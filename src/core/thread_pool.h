// ParallelFor: the product's one way to spread independent work over threads. Results must not depend on the
// number of threads: body(i) writes only to slot i.
#pragma once

#include <cstddef>
#include <functional>

namespace forewarn {

// Calls body(i) once for each i in [0, n), on at most `threads` threads (0 = one a core), and returns when
// all are done. Items are handed out in ascending order. body must not throw.
void ParallelFor(size_t n, int threads, const std::function<void(size_t)>& body);

int DefaultThreads();  // the number of cores this process may use, at least 1

}  // namespace forewarn
