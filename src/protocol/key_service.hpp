// The services of /v1/keys/{key}.

#pragma once

#include "protocol/error.hpp"
#include "protocol/service.hpp"

namespace cubby::protocol {

// All of them have precondition_failed and bad_etag among their errors (see read_conditions()).

// The value, or 304. With a ttl, the entry gets that. Errors: key_not_found.
Error get_entry(const Call& call, Reply& reply);

// Stores the body: 201 or 204. Errors: those of read_metadata_of_body() and store_entry().
Error put_entry(const Call& call, Reply& reply);

// 204. Errors: key_not_found.
Error delete_entry(const Call& call, Reply& reply);

// The new number, as text. Errors: those of add_to_entry().
Error increment_entry(const Call& call, Reply& reply);

// The new size, as text. Errors: those of an Addition.
Error append_to_entry(const Call& call, Reply& reply);
Error prepend_to_entry(const Call& call, Reply& reply);

// 204. Errors: key_not_found.
Error touch_entry(const Call& call, Reply& reply);

// As get_entry(), and the entry is gone. Errors: key_not_found.
Error take_entry(const Call& call, Reply& reply);

}  // namespace cubby::protocol
