#include "standard_language.hpp"

#include <algorithm>
#include <cstddef>

#include "byte_set.hpp"

namespace pg_takeout {

namespace {

constexpr std::size_t max_subtag = 8;
// The grammar sets no end. Longer ones are refused because the search for repeated subtags takes the square of it.
constexpr std::size_t max_tag = 255;

// RFC 5646 section 2.1, irregular: registered before the grammar. Those that are called regular fit it.
constexpr std::string_view irregular[] = {"en-gb-oed", "i-ami", "i-bnn",     "i-default", "i-enochian", "i-hak",
                                          "i-klingon", "i-lux", "i-mingo",   "i-navajo",  "i-pwn",      "i-tao",
                                          "i-tay",     "i-tsu", "sgn-be-fr", "sgn-be-nl", "sgn-ch-de"};

char lower(char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte; }

bool same(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

// The subtags of a tag, of which the first is looked at.
class Subtags {
 public:
  explicit Subtags(std::string_view tag) : rest_(tag), at_(tag.substr(0, tag.find('-'))) {}

  [[nodiscard]] std::string_view at() const { return at_; }
  // From the subtag looked at to the end of the tag.
  [[nodiscard]] std::string_view rest() const { return rest_; }
  [[nodiscard]] bool ended() const { return rest_.empty(); }
  void next() {
    rest_.remove_prefix(std::min(at_.size() + 1, rest_.size()));
    at_ = rest_.substr(0, rest_.find('-'));
  }

  [[nodiscard]] bool is(const ByteSet& set, std::size_t shortest, std::size_t longest) const {
    return at_.size() >= shortest && at_.size() <= longest && set.holds_all_of(at_);
  }

 private:
  std::string_view rest_;
  std::string_view at_;
};

bool is_variant(const Subtags& subtags) {
  return subtags.is(ascii_alphanumeric, 5, max_subtag) ||
         (subtags.is(ascii_alphanumeric, 4, 4) && ascii_digit.holds(subtags.at().front()));
}

bool is_singleton(const Subtags& subtags) {
  return subtags.is(ascii_alphanumeric, 1, 1) && lower(subtags.at().front()) != 'x';
}

// language [-script] [-region]
bool take_language(Subtags& subtags) {
  if (!subtags.is(ascii_letter, 2, max_subtag)) return false;
  const bool may_be_extended = subtags.at().size() <= 3;
  subtags.next();
  for (int i = 0; may_be_extended && i < 3 && subtags.is(ascii_letter, 3, 3); ++i) subtags.next();
  if (subtags.is(ascii_letter, 4, 4)) subtags.next();
  if (subtags.is(ascii_letter, 2, 2) || subtags.is(ascii_digit, 3, 3)) subtags.next();
  return true;
}

// Whether the subtag that `first` looks at comes again before the one that `last` looks at.
bool is_repeated(Subtags first, const Subtags& last, bool (*counts)(const Subtags&)) {
  const std::string_view subtag = first.at();
  for (first.next(); first.rest().size() > last.rest().size(); first.next())
    if (counts(first) && same(first.at(), subtag)) return true;
  return false;
}

BrokenRule take_variants(Subtags& subtags) {
  const Subtags first = subtags;
  while (is_variant(subtags)) subtags.next();
  for (Subtags variant = first; variant.rest().size() > subtags.rest().size(); variant.next())
    if (is_repeated(variant, subtags, is_variant)) return "has a variant twice (RFC 5646 section 2.2.5)";
  return nullptr;
}

BrokenRule take_extensions(Subtags& subtags) {
  const Subtags first = subtags;
  while (is_singleton(subtags)) {
    subtags.next();
    if (!subtags.is(ascii_alphanumeric, 2, max_subtag))
      return "has an extension without content (RFC 5646 section 2.2.6)";
    while (subtags.is(ascii_alphanumeric, 2, max_subtag)) subtags.next();
  }
  for (Subtags singleton = first; singleton.rest().size() > subtags.rest().size(); singleton.next())
    if (is_singleton(singleton) && is_repeated(singleton, subtags, is_singleton))
      return "has an extension twice (RFC 5646 section 2.2.6)";
  return nullptr;
}

// x- and what two parties agreed on.
bool take_private_use(Subtags& subtags) {
  if (!same(subtags.at(), "x")) return true;
  subtags.next();
  if (subtags.ended()) return false;
  while (!subtags.ended() && subtags.is(ascii_alphanumeric, 1, max_subtag)) subtags.next();
  return subtags.ended();
}

}  // namespace

BrokenRule check_language(std::string_view text) {
  constexpr BrokenRule form = "is not made of subtags as language-Script-REGION (RFC 5646 section 2.1)";
  if (text.size() > max_tag) return "is longer than 255 octets";
  if (text.empty() || text.ends_with('-')) return form;
  for (const std::string_view tag : irregular)
    if (same(text, tag)) return nullptr;

  Subtags subtags(text);
  if (!same(subtags.at(), "x")) {
    if (!take_language(subtags)) return form;
    if (const BrokenRule rule = take_variants(subtags)) return rule;
    if (const BrokenRule rule = take_extensions(subtags)) return rule;
  }
  return take_private_use(subtags) && subtags.ended() ? nullptr : form;
}

}  // namespace pg_takeout
