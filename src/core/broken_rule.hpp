// What a check of a standard says of a text.
#pragma once

namespace pg_takeout {

// Null where the text follows the standard, else the first rule found broken: lower case, no full stop, never part of the
// text. Lives as long as the program.
using BrokenRule = const char*;

}  // namespace pg_takeout
