// Whether the program is built with a sanitizer: it has an allocator of its own, with which
// resident memory means nothing, and makes everything slower by far.

#pragma once

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CUBBY_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CUBBY_TEST_SANITIZED 1
#endif
#endif
#ifndef CUBBY_TEST_SANITIZED
#define CUBBY_TEST_SANITIZED 0
#endif

namespace cubby::test {

inline constexpr bool kSanitized = CUBBY_TEST_SANITIZED != 0;

}  // namespace cubby::test
