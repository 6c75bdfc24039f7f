#include "postgres.hpp"

#include "boundary.hpp"

#include <new>

#include "../core/error.hpp"

namespace pg_takeout {

namespace {

int sqlstate_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::too_many_bytes:
    case ErrorCode::too_many_columns:
      return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
    case ErrorCode::cell_too_long:
      return ERRCODE_STRING_DATA_RIGHT_TRUNCATION;
    case ErrorCode::invalid_utf8:
      return ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
    case ErrorCode::invalid_option:
      return ERRCODE_INVALID_PARAMETER_VALUE;
    case ErrorCode::interrupted:
      return ERRCODE_QUERY_CANCELED;
    case ErrorCode::internal:
      break;
  }
  return ERRCODE_INTERNAL_ERROR;
}

// The core speaks UTF-8, and a message that was cut short may end within a character.
const char* server_text(const char* text) {
  const auto written = static_cast<int>(strlen(text));
  const int length = pg_encoding_mbcliplen(PG_UTF8, text, written, written);
  return pg_any_to_server(pnstrdup(text, static_cast<Size>(length)), length, PG_UTF8);
}

}  // namespace

void describe_current_exception(CaughtError* caught) noexcept {
  caught->detail[0] = caught->hint[0] = '\0';
  caught->too_many_bytes = false;
  try {
    throw;
  } catch (const Error& error) {
    caught->sqlstate = sqlstate_of(error.code());
    caught->too_many_bytes = error.code() == ErrorCode::too_many_bytes;
    strlcpy(caught->message, error.what(), sizeof caught->message);
    strlcpy(caught->detail, error.detail().c_str(), sizeof caught->detail);
    strlcpy(caught->hint, error.hint().c_str(), sizeof caught->hint);
  } catch (const std::bad_alloc&) {
    caught->sqlstate = ERRCODE_OUT_OF_MEMORY;
    strlcpy(caught->message, "out of memory", sizeof caught->message);
    strlcpy(caught->detail, "Failed while building an export.", sizeof caught->detail);
  } catch (const std::exception& error) {
    caught->sqlstate = ERRCODE_INTERNAL_ERROR;
    strlcpy(caught->message, error.what(), sizeof caught->message);
  } catch (...) {
    caught->sqlstate = ERRCODE_INTERNAL_ERROR;
    strlcpy(caught->message, "unknown C++ exception", sizeof caught->message);
  }
}

void raise_caught(const CaughtError* caught) {
  if (caught->sqlstate == ERRCODE_QUERY_CANCELED) CHECK_FOR_INTERRUPTS();
  ereport(ERROR, (errcode(caught->sqlstate), errmsg("%s", server_text(caught->message)),
                  caught->detail[0] != '\0' ? errdetail("%s", server_text(caught->detail)) : 0,
                  caught->hint[0] != '\0' ? errhint("%s", server_text(caught->hint)) : 0));
  pg_unreachable();
}

}  // namespace pg_takeout
