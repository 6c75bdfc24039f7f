#include <catch2/catch.hpp>
#include <string>

#include "punycode.hpp"
#include "standard_domain.hpp"
#include "standard_email.hpp"

using namespace pg_takeout;
using Catch::Matchers::Contains;

namespace {

std::string rule_of(const std::string& text) {
  const BrokenRule rule = check_email(text);
  return rule == nullptr ? "" : rule;
}

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  for (; count > 0; --count) all += text;
  return all;
}

}  // namespace

TEST_CASE("addresses of RFC 5322 and RFC 5321 are taken") {
  for (const char* const text :
       {"a@b", "first.last+tag@sub-domain.example.co.uk", "!#$%&'*+/=?^_`{|}~-@example.org", "\"\"@example.org",
        "\"a b\"@example.org", R"("a\"b\\c@d"@example.org)", "a@1.2.b3", "a@xn--bcher-kva.example", "a@[192.0.2.1]",
        "a@[001.02.3.255]", "a@[IPv6:2001:db8::1]", "a@[ipv6:::ffff:192.0.2.1]", "a@[IPv6:1:2:3:4:5:6:7:8]",
        "a@[IPv6:::]", "pelé@example.com", "用户@例子.广告", "\"välilyönti on\"@esimerkki.fi", "a@Bücher.example"}) {
    INFO(text);
    CHECK(rule_of(text).empty());
  }
}

TEST_CASE("what breaks a rule of an address names the rule") {
  const std::pair<const char*, const char*> broken[] = {
      {"", "before the @"},
      {"@b", "before the @"},
      {"a", "no @"},
      {"a@", "empty label"},
      {"a..b@c", "dot"},
      {".a@b", "dot"},
      {"a.@b", "dot"},
      {"a b@c", "only a quoted string"},
      {"a(c)@b", "only a quoted string"},
      {"a@b@c", "no letter, digit or hyphen"},
      {"\"a\"b@c", "not all of atoms"},
      {"\"a@b", "no end"},
      {"\"a\tb\"@c", "control character"},
      {"\"a\\\tb\"@c", "backslash"},
      {"a@b..c", "empty label"},
      {"a@.b", "empty label"},
      {"a@b.", "empty label"},
      {"a@-b", "hyphen"},
      {"a@b-.c", "hyphen"},
      {"a@b_c", "no letter, digit or hyphen"},
      {"a@127.0.0.1", "number"},
      {"a@[256.0.0.1]", "domain literal"},
      {"a@[1.2.3]", "domain literal"},
      {"a@[2001:db8::1]", "domain literal"},
      {"a@[IPv6:1:2:3:4:5:6:7::]", "domain literal"},
      {"a@[IPv6:1::2::3]", "domain literal"},
      {"a@[x]", "domain literal"},
      {"a@[192.0.2.1", "domain literal"},
      {"a@[192.0.2.1]b", "domain literal"},
      {"a@b\xc2\xa0"
       "c",
       "character that no label may have"},
      {"a@b\xe3\x80\x82"
       "c",
       "character that no label may have"},
      {"a@b\xc3", "not valid UTF-8"},
      {"\xff@b", "not valid UTF-8"},
      {"a@\xc3\xa4"
       "b--c",
       "third and fourth"},
  };
  for (const auto& [text, words] : broken) {
    INFO(text);
    CHECK_THAT(rule_of(text), Contains(words));
  }
}

TEST_CASE("lengths are those of RFC 5321 and the DNS, in octets") {
  CHECK(rule_of(times(64, "a") + "@b").empty());
  CHECK_THAT(rule_of(times(65, "a") + "@b"), Contains("longer than 64"));
  CHECK(rule_of("\"" + times(62, "a") + "\"@b").empty());
  CHECK_THAT(rule_of("\"" + times(63, "a") + "\"@b"), Contains("longer than 64"));
  CHECK(rule_of(times(32, "ä") + "@b").empty());
  CHECK_THAT(rule_of(times(33, "ä") + "@b"), Contains("longer than 64"));
  CHECK(rule_of("a@" + times(63, "b")).empty());
  CHECK_THAT(rule_of("a@" + times(64, "b")), Contains("label"));

  const std::string label = times(61, "b") + ".";
  CHECK(rule_of("abc@" + times(4, label) + "cc").size() == 0);
  CHECK_THAT(rule_of("abcd@" + times(4, label) + "ccc"), Contains("longer than 254"));
  CHECK(check_domain(times(4, label) + "ccccc") == nullptr);
  CHECK_THAT(check_domain(times(4, label) + "cccccc"), Contains("255"));
}

TEST_CASE("a U-label is as long as its A-label") {
  CHECK(a_label_length(U"bücher", 6) == std::string("xn--bcher-kva").size());
  CHECK(a_label_length(U"他们为什么不说中文", 9) == std::string("xn--ihqwcrb4cv8a8dqg056pqjye").size());
  CHECK(a_label_length(U"3年b組金八先生", 8) == std::string("xn--3b-ww4c5e180e575a65lsy2b").size());
  CHECK(check_domain(times(55, "a") + "ü") == nullptr);
  CHECK_THAT(check_domain(times(56, "a") + "ü"), Contains("label"));
}

TEST_CASE("no beginning of an address reads past its end") {
  const std::string whole = R"("a\"ü"@[IPv6:::ffff:192.0.2.1])";
  for (std::size_t i = 0; i < whole.size(); ++i) CHECK(check_email(std::string(whole.substr(0, i))) != nullptr);
}
