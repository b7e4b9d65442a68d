// A large array of zeros that takes memory only as it is written to.

#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>

namespace cubby {

// For types whose zero bytes are a valid value. calloc() leaves a large block to the system's zero
// pages, so an entry that is never written costs nothing but addresses.
template <class T>
class ZeroedArray {
 public:
  // Throws std::bad_alloc.
  explicit ZeroedArray(std::size_t count) : items_(static_cast<T*>(std::calloc(count, sizeof(T)))) {
    if (items_ == nullptr) throw std::bad_alloc();
  }

  T& operator[](std::size_t i) noexcept { return items_[i]; }

 private:
  struct Free {
    void operator()(void* p) const noexcept { std::free(p); }
  };

  std::unique_ptr<T[], Free> items_;
};

}  // namespace cubby
