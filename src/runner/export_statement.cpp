#include "export_statement.hpp"

#include <cstdlib>

#include "failure.hpp"

namespace pg_takeout {

namespace {

class Arguments {
 public:
  explicit Arguments(const Connection& connection) : connection_(connection) {}

  void add(const char* name, const std::string& value, const char* type) {
    if (!value.empty()) add_expression(name, connection_.literal(value) + "::" + type);
  }

  void add(const char* name, const std::vector<std::string>& values) {
    if (values.empty()) return;
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ",") + connection_.literal(value);
    add_expression(name, "ARRAY[" + list + "]::text[]");
  }

  void add_expression(const char* name, const std::string& expression) {
    text_ += (text_.empty() ? "" : ", ") + std::string(name) + " => " + expression;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  const Connection& connection_;
  std::string text_;
};

std::string call_arguments(const ExportCall& call, const Connection& connection) {
  Arguments arguments(connection);
  arguments.add_expression("dataset", connection.literal(call.dataset));
  arguments.add("format", call.format, "text");
  arguments.add("ids", call.ids);
  arguments.add("since", call.since, "timestamptz");
  arguments.add("until", call.until, "timestamptz");
  arguments.add("columns", call.columns);
  arguments.add("tenant", call.tenant, "text");
  arguments.add("options", call.options, "jsonb");
  if (!call.ordered) arguments.add_expression("ordered", "false");
  return arguments.text();
}

std::string copy_of(const std::string& function_call) {
  return "COPY (SELECT " + function_call + ") TO STDOUT (FORMAT raw)";
}

}  // namespace

std::string copy_statement(const ExportCall& call, const Connection& connection) {
  return copy_of("takeout.export_stream(" + call_arguments(call, connection) + ")");
}

std::string parts_statement(const ExportCall& call, int parts, const Connection& connection) {
  return "SELECT takeout.export_parts(" + call_arguments(call, connection) + ", parts => " + std::to_string(parts) +
         ")";
}

std::string part_statement(const ExportCall& call, const std::string& part, const Connection& connection) {
  return copy_of("takeout.export_part(" + call_arguments(call, connection) + ", part => " + connection.literal(part) +
                 ")");
}

std::uint64_t estimated_bytes(const ExportCall& call, Connection& connection) {
  try {
    const Rows rows = connection.query("SELECT bytes FROM takeout.estimate(" + call_arguments(call, connection) + ")");
    return rows.count() == 1 ? std::strtoull(rows.text(0, 0).c_str(), nullptr, 10) : 0;
  } catch (const Failure&) {
    return 0;
  }
}

}  // namespace pg_takeout
