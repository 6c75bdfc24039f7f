#include <catch2/catch.hpp>
#include <string>

#include "audit_json.hpp"
#include "audit_lines.hpp"

using namespace pg_takeout;

namespace {

std::string cut(std::string_view text, std::size_t room) {
  std::string out(room, '\0');
  out.resize(write_cut_json_string(out.data(), room, text));
  return out;
}

AuditMembers read(std::string_view line) {
  AuditMembers members;
  REQUIRE(read_audit_line(line.substr(0, line.size() - 1), &members));
  return members;
}

std::string unescaped(std::string_view text) {
  std::string out(text.size(), '\0');
  out.resize(unescape_json(out.data(), text));
  return out;
}

constexpr AuditField texts[] = {AuditField::node,           AuditField::database, AuditField::role,
                                AuditField::client_address, AuditField::dataset,  AuditField::application_name,
                                AuditField::tenant,         AuditField::format,   AuditField::method,
                                AuditField::sqlstate,       AuditField::reason,   AuditField::sha256};

}  // namespace

TEST_CASE("a line says what it was given and where it stands in the chain") {
  AuditBody body;
  body.add_text(AuditField::role, "ann \"o'hara\"\n");
  body.add_text(AuditField::tenant, {});
  body.add_number(AuditField::rows, 12);
  body.add_json(AuditField::filter, R"({"ids": 3, "since": null})");
  Sha256Digest hash;
  char line[audit_line_room];
  const std::size_t length = write_audit_line(line, {7, 0, Sha256Digest{}}, "INTENT", 7, body, &hash);
  CHECK(
      std::string(line, length)
          .starts_with(
              R"({"seq":7,"time":"2000-01-01T00:00:00Z","event":"INTENT","export":7,"role":"ann \"o'hara\"\n","rows":12,)"
              R"("filter":{"ids": 3, "since": null},"prev":"0000)"));
  const AuditMembers members = read({line, length});
  CHECK(members.number(AuditField::sequence) == 7);
  CHECK(members.number(AuditField::rows) == 12);
  CHECK(members.number(AuditField::bytes) == -1);
  CHECK(members[AuditField::tenant].data() == nullptr);
  CHECK(unescaped(members[AuditField::role]) == "ann \"o'hara\"\n");
  Sha256Digest stated;
  CHECK(has_own_hash({line, length - 1}, &stated));
  CHECK(stated == hash);
}

TEST_CASE("no line is longer than its room, whatever it is given") {
  for (const std::string& worst :
       {std::string(20'000, '\x01'), std::string(20'000, '"'), std::string(20'000, '\xff'), std::string(20'000, 'x')}) {
    AuditBody body;
    for (const AuditField field : texts) body.add_text(field, worst);
    for (const AuditField field :
         {AuditField::process, AuditField::database_oid, AuditField::role_oid, AuditField::rows, AuditField::bytes})
      body.add_number(field, INT64_MIN);
    body.add_json(AuditField::filter, worst);
    char line[audit_line_room];
    Sha256Digest hash;
    const std::size_t length = write_audit_line(line, {UINT64_MAX / 2, 9'000'000'000'000'000'001, Sha256Digest{}},
                                                "COMPLETE", UINT64_MAX / 2, body, &hash);
    CHECK(length < audit_line_room);
    CHECK(has_own_hash({line, length - 1}, &hash));
  }
}

TEST_CASE("a text that is cut ends at a character's border with a mark") {
  CHECK(cut("abcdef", 6) == "abcdef");
  CHECK(cut("abcdefg", 6) == "abc\u2026");
  CHECK(cut("ab\u00e9\u00e9\u00e9", 6) == "ab\u2026");
  CHECK(cut("ab\n\n\n", 7) == "ab\\n\u2026");
  CHECK(cut(std::string(100, '\x01'), 10) == "\\u0001\u2026");
  CHECK(cut("", 3).empty());
  for (std::size_t room = 3; room < 40; ++room) {
    const std::string text = cut("a\u00e9\u20ac\U0001F600\"\\\n\x02 b\u00e9\u20ac\U0001F600\"\\\n", room);
    CHECK(text.size() <= room);
    CHECK(is_json_object("{\"a\":\"" + text + "\"}"));
  }
}

TEST_CASE("bytes that are not UTF-8 become replacement characters") {
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", "\x80"}) {
    const std::string text = cut(std::string("a") + bad + "b", 100);
    CHECK(text.starts_with("a\uFFFD"));
    CHECK(
        text.ends_with("\uFFFD"
                       "b"));
  }
}

TEST_CASE("a filter that is too long or no object is quoted") {
  const auto filter = [](std::string_view json) {
    AuditBody body;
    body.add_json(AuditField::filter, json);
    return std::string(body.text());
  };
  CHECK(filter("{}") == ",\"filter\":{}");
  CHECK(filter(R"({"a": [1, -2.5e+3, {"b": "\u00e9\n"}], "c": true})") ==
        R"(,"filter":{"a": [1, -2.5e+3, {"b": "\u00e9\n"}], "c": true})");
  CHECK(filter("[1]") == R"(,"filter":{"cut":"[1]"})");
  CHECK(filter("{\"a\":1}\n") == R"(,"filter":{"cut":"{\"a\":1}\n"})");
  for (const char* bad : {"", "{", "{\"a\"}", "{\"a\":}", "{\"a\":01}", "{\"a\":1,}", "{\"a\":nul}", "{\"a\":\"\\x\"}",
                          "{\"a\":\"\xff\"}"})
    CHECK(filter(bad).starts_with(",\"filter\":{\"cut\":\""));
  std::string deep = "{\"a\":";
  for (int i = 0; i < 500; ++i) deep += "[";
  CHECK(filter(deep).starts_with(",\"filter\":{\"cut\":\""));
  const std::string cut_filter = filter("{\"a\":\"" + std::string(5'000, 'x') + "\"}");
  CHECK(cut_filter.ends_with("x\u2026\"}"));
  CHECK(is_json_object(std::string_view(cut_filter).substr(std::string_view(",\"filter\":").size())));
}

TEST_CASE("the time of a line is read as it was written") {
  for (const std::int64_t time : {0LL, 1LL, 500'000LL, 849'612'345'678'901LL, -86'400'000'000LL * 366,
                                  86'400'000'000LL * 59, 86'400'000'000LL * 60 - 1, 4'102'444'800'000'000LL}) {
    char line[audit_line_room];
    Sha256Digest hash;
    const std::size_t length = write_audit_line(line, {1, time, Sha256Digest{}}, "INTENT", 0, {}, &hash);
    std::int64_t read_time;
    REQUIRE(read({line, length}).time(&read_time));
    CHECK(read_time == time);
  }
}

TEST_CASE("what is no line of the audit is not read as one") {
  AuditMembers members;
  const std::string line = TestChain().add("INTENT");
  const std::string_view whole(line.data(), line.size() - 1);
  REQUIRE(read_audit_line(whole, &members));
  for (std::size_t length = 0; length < whole.size(); ++length)
    CHECK_FALSE(read_audit_line(whole.substr(0, length), &members));
  CHECK_FALSE(read_audit_line("", &members));
  CHECK_FALSE(read_audit_line("{}", &members));
  CHECK_FALSE(read_audit_line(std::string(whole) + " ", &members));
  CHECK_FALSE(read_audit_line("{\"seq\":1," + std::string(whole.substr(1)), &members));
  CHECK_FALSE(read_audit_line("{\"role\":1," + std::string(whole.substr(1)), &members));
  CHECK(read_audit_line("{\"of_a_later_version\":[1,{}]," + std::string(whole.substr(1)), &members));
}

TEST_CASE("escapes are read back") {
  CHECK(unescaped(R"(a\"\\\/\b\f\n\r\t\u0001\u00e9\u20ac)") == "a\"\\/\b\f\n\r\t\x01\u00e9\u20ac");
  CHECK(unescaped(R"(\u0000)") == "\uFFFD");
  CHECK(unescaped(R"(\ud83d\ude00)") == "\U0001F600");
  for (const char* half : {R"(\ud83d)", R"(\ude00)"}) CHECK(unescaped(half) == "\uFFFD");
  CHECK(unescaped(R"(\ud83d\n\ud83d\u0041\ude00\ud83d)") == "\uFFFD\n\uFFFDA\uFFFD\uFFFD");
  CHECK(unescaped(R"(\ude00\ude00 \udfff\ud83d\ude00)") == "\uFFFD\uFFFD \uFFFD\U0001F600");
  CHECK(unescaped("\\u12") == "");
  CHECK(unescaped("\\") == "\\");
}
