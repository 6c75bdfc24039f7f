// Files below a directory, whatever their names try.
#pragma once

#include <string>

#include "output_file.hpp"

namespace pg_takeout {

// The place of `path` below `root`, with the folders that are missing made. No part of it may be a symbolic link, empty or
// begin with a point or dash, and it cannot leave the directory. Throws Failure (not_delivered).
[[nodiscard]] FilePlace place_beneath(const FileDescriptor& root, const std::string& path, bool make_folders);

// Throws Failure (not_delivered) unless all parts of the path are as above.
void check_path(const std::string& path);

// Removes temporary files that no living program writes.
void remove_abandoned(const FileDescriptor& directory);

}  // namespace pg_takeout
