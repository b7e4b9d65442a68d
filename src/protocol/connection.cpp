#include "protocol/connection.hpp"
