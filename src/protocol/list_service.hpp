// The services of /v1/keys as a whole. Both have precondition_failed and bad_etag among their
// errors.

#pragma once

#include "protocol/error.hpp"
#include "protocol/service.hpp"

namespace cubby::protocol {

// A page of keys, as JSON, or 304. It ends early, and may be empty, when much had to be looked at:
// the listing is over when there is no cursor. Errors: bad_cursor.
Error list_keys(const Call& call, Reply& reply);

// Deletes the keys that begin with the prefix, a piece at a time, and says how many; or all at
// once: 204. Errors: what_to_delete.
Error delete_keys(const Call& call, Reply& reply);

}  // namespace cubby::protocol
