// COPY … TO STDOUT (FORMAT raw): the bytes of one bytea or text column with no framing.
//
// Works wherever the library is loaded. Everything else about COPY, and the format itself once PostgreSQL has one of
// that name, stays PostgreSQL's.
#pragma once

namespace pg_takeout {

// Called once, when the library is loaded.
void install_copy_raw_hook();

}  // namespace pg_takeout
