// read_audit_line() and is_json_object() against another reader of JSON, lines that hold the input as a text or as a
// filter, and the reading of files that are damaged anywhere.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "../unit/audit_file.hpp"
#include "audit_chain.hpp"
#include "audit_json.hpp"
#include "audit_line.hpp"
#include "fuzz_target.hpp"

using namespace pg_takeout;
using nlohmann::json;

namespace {

std::string unescaped(std::string_view text) {
  std::string out(text.size(), '\0');
  out.resize(unescape_json(out.data(), text));
  return out;
}

bool is_utf8(std::string_view text) {
  try {
    (void)json(std::string(text)).dump();
    return true;
  } catch (const json::type_error&) {
    return false;
  }
}

// Whether the reference has a say: it refuses half a pair of surrogates, which a line may hold, stops at a zero byte, and
// allows what a line may not, control characters between values and a depth without end.
bool is_comparable(std::string_view text) {
  const auto deeper = [](char byte) { return byte == '[' || byte == '{'; };
  const auto control = [](char byte) { return byte == '\0' || byte == '\n' || byte == '\r' || byte == '\t'; };
  return std::ranges::count_if(text, deeper) < 30 && std::ranges::none_of(text, control) &&
         text.find("\\ud") == std::string_view::npos && text.find("\\uD") == std::string_view::npos;
}

// Discarded where it is no JSON; null where the reference stops at a number beyond a double.
json read_by_reference(std::string_view text) {
  try {
    return json::parse(text);
  } catch (const json::out_of_range&) {
    return {};
  } catch (const json::parse_error&) {
    return json(json::value_t::discarded);
  }
}

void check_object(std::string_view text, const json& parsed) {
  const bool object = parsed.is_object() && text.starts_with('{') && text.ends_with('}');
  if (is_comparable(text) && !parsed.is_null()) expect(text, is_json_object(text) ? nullptr : "is no object", object);
}

void check_line(std::string_view text, const json& parsed) {
  AuditMembers members;
  if (!read_audit_line(text, &members)) return;
  expect(text, is_json_object(text) ? nullptr : "is a line and no object", true);
  for (std::size_t i = 0; i < audit_field_count; ++i) {
    const auto field = static_cast<AuditField>(i);
    const std::string_view member = members[field];
    if (member.data() == nullptr || field == AuditField::filter) continue;
    expect(text, is_utf8(unescaped(member)) ? nullptr : "unescapes to what is not UTF-8", true);
    if (!parsed.is_object()) continue;
    const json& value = parsed.at(std::string(audit_field_rule(field).name));
    if (!value.is_string() || value.get<std::string>().find('\0') != std::string::npos) continue;
    expect(text, value.get<std::string>() == unescaped(member) ? nullptr : "unescapes otherwise", true);
  }
}

std::string line_with(std::string_view text) {
  AuditBody body;
  body.add_text(AuditField::role, text);
  body.add_json(AuditField::filter, text);
  char line[audit_line_room];
  Sha256Digest hash;
  const std::size_t length = write_audit_line(line, {7, 0, Sha256Digest{}}, "INTENT", 7, body, &hash);
  return {line, length};
}

void check_writing(std::string_view text) {
  const std::string line = line_with(text);
  AuditMembers members;
  Sha256Digest hash;
  const std::string_view whole(line.data(), line.size() - 1);
  const bool good = line.ends_with('\n') && line.find('\n') == whole.size() && read_audit_line(whole, &members) &&
                    has_own_hash(whole, &hash);
  expect(text, good ? nullptr : "writes is no line", true);
  const bool exact = text.size() <= 30 && is_utf8(text) && text.find('\0') == std::string_view::npos;
  const bool kept = !exact || unescaped(members[AuditField::role]) == text;
  expect(text, kept ? nullptr : "writes is another text", true);
}

void check_file(std::string_view text) {
  // Two good lines, what the fuzzer made, and a good line.
  const std::string line = line_with("a");
  TestFile file{line + line + std::string(text) + line, 50};
  AuditLines lines(TestFile::read, &file);
  AuditChecker checker;
  std::uint64_t covered = 0;
  for (std::string_view next; lines.next(&next);) {
    (void)checker.check(next, lines.whole(), covered == 0);
    expect(text, lines.start() == covered ? nullptr : "lines leave a gap", true);
    covered = lines.end();
  }
  expect(text, covered == file.bytes.size() ? nullptr : "lines leave something out", true);
  AuditLines again(TestFile::read, &file);
  const AuditTail tail = read_audit_tail(&again);
  expect(text, tail.keep <= tail.size && tail.size == file.bytes.size() ? nullptr : "the tail is beyond the file",
         true);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = text_of(data, size);
  const json parsed = read_by_reference(text);
  check_object(text, parsed);
  check_line(text, parsed);
  check_writing(text);
  check_file(text);
  return 0;
}
