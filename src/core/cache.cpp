#include <cubby/cache.hpp>
