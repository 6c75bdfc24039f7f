// One JSON object on one line, for programs that read what a command did.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace pg_takeout {

class JsonObject {
 public:
  JsonObject& add(std::string_view name, std::string_view value);
  JsonObject& add(std::string_view name, const char* value) { return add(name, std::string_view(value)); }
  JsonObject& add(std::string_view name, bool value) { return add_raw(name, value ? "true" : "false"); }
  JsonObject& add(std::string_view name, std::integral auto value) { return add_raw(name, std::to_string(value)); }
  JsonObject& add_seconds(std::string_view name, double value);  // milliseconds are its last digits
  // value: JSON already.
  JsonObject& add_raw(std::string_view name, std::string_view value);

  [[nodiscard]] std::string text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

}  // namespace pg_takeout
