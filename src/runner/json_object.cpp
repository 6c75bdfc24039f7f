#include "json_object.hpp"

#include <cstdio>

#include "../core/json_string.hpp"

namespace pg_takeout {

namespace {

std::string quoted(std::string_view text) {
  std::string result(longest_json_escape * text.size() + 2, '"');
  char* end = write_json_escaped(result.data() + 1, text);
  *end++ = '"';
  result.resize(static_cast<std::size_t>(end - result.data()));
  return result;
}

}  // namespace

JsonObject& JsonObject::add_raw(std::string_view name, std::string_view value) {
  if (text_.size() > 1) text_ += ',';
  text_.append(quoted(name)).append(":").append(value);
  return *this;
}

JsonObject& JsonObject::add(std::string_view name, std::string_view value) { return add_raw(name, quoted(value)); }

JsonObject& JsonObject::add_seconds(std::string_view name, double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return add_raw(name, text);
}

}  // namespace pg_takeout
