// FW_MULTIVERSION on a function compiles it once per instruction set; the machine's best is chosen when the
// program loads. Results do not depend on the choice: nothing may fuse or reorder floating-point operations
// (-ffp-contract=off). Off under sanitizers, which are not ready when the choice is made, and under clang,
// whose clones do not inline helpers.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define FW_MULTIVERSION __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FW_MULTIVERSION
#endif
