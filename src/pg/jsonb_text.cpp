#include "postgres.hpp"

#include "jsonb_text.hpp"

#include "../core/json_string.hpp"
#include "numeric_reader.hpp"

namespace pg_takeout {

namespace {

// A walk over the members of an array or over the keys or values of an object: their entries in the header give lengths,
// now and then an offset (JENTRY_HAS_OFF).
struct Cursor {
  const JsonbContainer* container;
  const char* data;  // behind the entries
  uint32 index;
  uint32 offset;

  [[nodiscard]] JEntry entry() const { return container->children[index]; }
  [[nodiscard]] const char* start() const { return data + offset; }

  [[nodiscard]] uint32 end() const {
    const JEntry at = entry();
    return JBE_HAS_OFF(at) ? JBE_OFFLENFLD(at) : offset + JBE_OFFLENFLD(at);
  }
  void advance() {
    offset = end();
    ++index;
  }
};

void append(StringInfo text, const char* bytes, int length) { appendBinaryStringInfo(text, bytes, length); }

void append_string(StringInfo text, const Cursor& at) {
  const std::string_view string(at.start(), at.end() - at.offset);
  enlargeStringInfo(text, static_cast<int>(string.size() * longest_json_escape + 2));
  char* out = text->data + text->len;
  *out++ = '"';
  out = write_json_escaped(out, string);
  *out++ = '"';
  text->len = static_cast<int>(out - text->data);
}

void append_numeric(StringInfo text, const Cursor& at) {
  int16 digits[32];
  char buffer[160];
  const auto* numeric = reinterpret_cast<const struct varlena*>(at.data + INTALIGN(at.offset));
  const NumericText number = numeric_text(VARDATA_ANY(numeric), static_cast<int>(VARSIZE_ANY_EXHDR(numeric)), digits,
                                          lengthof(digits), buffer, sizeof buffer);
  append(text, number.text, static_cast<int>(number.length));
}

void append_container(StringInfo text, const JsonbContainer* container);

void append_value(StringInfo text, const Cursor& at) {
  const JEntry entry = at.entry();
  if (JBE_ISSTRING(entry))
    append_string(text, at);
  else if (JBE_ISNUMERIC(entry))
    append_numeric(text, at);
  else if (JBE_ISCONTAINER(entry))
    append_container(text, reinterpret_cast<const JsonbContainer*>(at.data + INTALIGN(at.offset)));
  else if (JBE_ISNULL(entry))
    append(text, "null", 4);
  else if (JBE_ISBOOL_TRUE(entry))
    append(text, "true", 4);
  else
    append(text, "false", 5);
}

void append_object(StringInfo text, const JsonbContainer* container) {
  // All keys come first, then all values.
  const uint32 count = JsonContainerSize(container);
  const char* data = reinterpret_cast<const char*>(&container->children[2 * count]);
  Cursor key{container, data, 0, 0};
  Cursor value{container, data, count, count > 0 ? getJsonbOffset(container, static_cast<int>(count)) : 0};
  appendStringInfoChar(text, '{');
  for (uint32 i = 0; i < count; ++i) {
    if (i > 0) append(text, ", ", 2);
    append_string(text, key);
    append(text, ": ", 2);
    append_value(text, value);
    key.advance();
    value.advance();
  }
  appendStringInfoChar(text, '}');
}

void append_array(StringInfo text, const JsonbContainer* container) {
  const uint32 count = JsonContainerSize(container);
  const bool scalar = JsonContainerIsScalar(container);  // a bare value is kept as an array of one
  Cursor member{container, reinterpret_cast<const char*>(&container->children[count]), 0, 0};
  if (!scalar) appendStringInfoChar(text, '[');
  for (uint32 i = 0; i < count; ++i) {
    if (i > 0) append(text, ", ", 2);
    append_value(text, member);
    member.advance();
  }
  if (!scalar) appendStringInfoChar(text, ']');
}

void append_container(StringInfo text, const JsonbContainer* container) {
  check_stack_depth();
  if (JsonContainerIsObject(container))
    append_object(text, container);
  else
    append_array(text, container);
}

}  // namespace

StringInfoData jsonb_text(const Jsonb* jsonb) {
  StringInfoData text;
  text.maxlen = static_cast<int>(VARSIZE(jsonb)) + 64;
  text.data = static_cast<char*>(palloc(static_cast<Size>(text.maxlen)));
  resetStringInfo(&text);
  append_container(&text, &jsonb->root);
  return text;
}

}  // namespace pg_takeout
