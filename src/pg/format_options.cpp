#include "postgres.hpp"

#include "format_options.hpp"

extern "C" {
#include "pgtime.h"
}

#include "column_reader.hpp"

namespace pg_takeout {

namespace {

struct NamedFormat {
  const char* name;
  Format format;
};

constexpr NamedFormat formats[] = {
    {"csv", Format::csv}, {"json", Format::json}, {"jsonl", Format::jsonl}, {"xlsx", Format::xlsx}};

[[noreturn]] void raise_bad_value(const char* option, const char* value, const char* detail) {
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("invalid value for option \"%s\": \"%s\"", option, value), errdetail("%s", detail)));
  pg_unreachable();
}

const char* text_of(const char* option, const JsonbValue* value) {
  if (value->type != jbvString)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("option \"%s\" must be a text", option)));
  return pnstrdup(value->val.string.val, static_cast<Size>(value->val.string.len));
}

bool boolean_of(const char* option, const JsonbValue* value) {
  if (value->type != jbvBool)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("option \"%s\" must be true or false", option)));
  return value->val.boolean;
}

char delimiter_of(const char* option, const char* text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  const bool usable = strlen(text) == 1 && byte < 0x80 && (byte == '\t' || byte > ' ') && byte != '"' && byte != 0x7F &&
                      !isalnum(byte) && strchr("+-.\\", byte) == nullptr;
  if (!usable)
    raise_bad_value(option, text,
                    "A delimiter is one ASCII character that is not a letter, digit, space, quote, point, sign, "
                    "backslash or line break.");
  return text[0];
}

const char* null_text_of(const char* option, const char* text) {
  if (strpbrk(text, "\"\r\n") != nullptr)
    raise_bad_value(option, text, "The text for NULL holds no quote and no line break.");
  return to_utf8(text, static_cast<int>(strlen(text)));
}

const char* zone_of(const char* option, const char* text) {
  if (pg_tzset(text) == nullptr) raise_bad_value(option, text, "It is not a time zone that this server knows.");
  return text;
}

bool set_csv_option(FormatOptions* options, const char* key, const JsonbValue* value) {
  if (strcmp(key, "dialect") == 0) {
    const char* dialect = text_of(key, value);
    options->excel = strcmp(dialect, "excel") == 0;
    if (!options->excel && strcmp(dialect, "rfc4180") != 0)
      raise_bad_value(key, dialect, "Known dialects are rfc4180 and excel.");
  } else if (strcmp(key, "delimiter") == 0) {
    options->delimiter = delimiter_of(key, text_of(key, value));
  } else if (strcmp(key, "header") == 0) {
    options->header = boolean_of(key, value);
  } else if (strcmp(key, "null") == 0) {
    options->null_text = null_text_of(key, text_of(key, value));
  } else {
    return false;
  }
  return true;
}

bool set_json_option(FormatOptions* options, const char* key, const JsonbValue* value) {
  if (strcmp(key, "pretty") != 0) return false;
  options->pretty = boolean_of(key, value);
  if (options->pretty && options->format == Format::jsonl)
    raise_bad_value(key, "true", "In json lines every object stands on one line.");
  return true;
}

bool set_xlsx_option(FormatOptions* options, const char* key, const JsonbValue* value) {
  if (strcmp(key, "sheet") == 0) {
    const char* sheet = text_of(key, value);
    options->sheet = to_utf8(sheet, static_cast<int>(strlen(sheet)));
  } else if (strcmp(key, "zone") == 0) {
    options->zone = zone_of(key, text_of(key, value));
  } else if (strcmp(key, "about") == 0) {
    options->about = boolean_of(key, value);
  } else {
    return false;
  }
  return true;
}

const char* known_options(Format format) {
  switch (format) {
    case Format::csv:
      return "dialect, delimiter, header, null";
    case Format::json:
    case Format::jsonl:
      return "pretty";
    case Format::xlsx:
      break;
  }
  return "sheet, zone, about";
}

bool set_option(FormatOptions* options, const char* key, const JsonbValue* value) {
  switch (options->format) {
    case Format::csv:
      return set_csv_option(options, key, value);
    case Format::json:
    case Format::jsonl:
      return set_json_option(options, key, value);
    case Format::xlsx:
      break;
  }
  return set_xlsx_option(options, key, value);
}

}  // namespace

const char* format_name(Format format) {
  for (const NamedFormat& known : formats)
    if (known.format == format) return known.name;
  pg_unreachable();
}

Format format_of(const char* name) {
  for (const NamedFormat& known : formats)
    if (strcmp(known.name, name) == 0) return known.format;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown export format \"%s\"", name),
                  errhint("Known formats are csv, json, jsonl and xlsx.")));
  pg_unreachable();
}

FormatOptions read_format_options(Format format, const Jsonb* options) {
  FormatOptions result{};
  result.format = format;
  result.delimiter = ',';
  result.header = true;
  result.null_text = "";
  result.about = true;
  if (options == nullptr) return result;

  if (!JB_ROOT_IS_OBJECT(options))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("options must be a JSON object"),
                    errhint("Use csv_options(), json_options() or xlsx_options() to make them.")));

  JsonbIterator* iterator = JsonbIteratorInit(const_cast<JsonbContainer*>(&options->root));
  JsonbValue value;
  const char* key = nullptr;
  for (auto token = JsonbIteratorNext(&iterator, &value, true); token != WJB_DONE;
       token = JsonbIteratorNext(&iterator, &value, true)) {
    if (token == WJB_KEY) {
      key = pnstrdup(value.val.string.val, static_cast<Size>(value.val.string.len));
    } else if (token == WJB_VALUE && value.type != jbvNull && !set_option(&result, key, &value)) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("format %s has no option \"%s\"", format_name(format), key),
                      errhint("Its options are: %s.", known_options(format))));
    }
  }
  return result;
}

}  // namespace pg_takeout
