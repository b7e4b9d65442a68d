// Clang's thread safety attributes. Other compilers see nothing.

#pragma once

#if defined(__clang__)
#define CUBBY_ATTRIBUTE(x) __attribute__((x))
#else
#define CUBBY_ATTRIBUTE(x)
#endif

#define CUBBY_CAPABILITY(name) CUBBY_ATTRIBUTE(capability(name))
#define CUBBY_SCOPED_CAPABILITY CUBBY_ATTRIBUTE(scoped_lockable)
#define CUBBY_GUARDED_BY(mutex) CUBBY_ATTRIBUTE(guarded_by(mutex))
#define CUBBY_REQUIRES(...) CUBBY_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define CUBBY_EXCLUDES(...) CUBBY_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define CUBBY_ACQUIRE(...) CUBBY_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define CUBBY_RELEASE(...) CUBBY_ATTRIBUTE(release_capability(__VA_ARGS__))
// For what locks a number of things that is not known before.
#define CUBBY_UNCHECKED CUBBY_ATTRIBUTE(no_thread_safety_analysis)
