// JSON as RFC 8259 has it: an array of objects, or one object a line (json lines).
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <vector>

#include "sink.hpp"
#include "writer.hpp"

namespace pg_takeout {

struct JsonOptions {
  bool lines = false;   // one object a line, no array around them
  bool pretty = false;  // indented; not with lines
};

class JsonWriter final : public Writer {
 public:
  JsonWriter(JsonOptions options, Sink& sink, std::pmr::memory_resource* memory);

  void begin(std::span<const Column> columns) override;
  void row(std::span<const Cell> cells) override;
  void end() override;

 private:
  JsonOptions options_;
  Sink& sink_;
  std::pmr::memory_resource* memory_;
};

}  // namespace pg_takeout
