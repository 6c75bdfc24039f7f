#include "postgres.hpp"

#include "raw_receiver.hpp"

extern "C" {
#include "commands/progress.h"
// Of a connection's innards libpq.h needs the names only (the second since PostgreSQL 17); their header needs those of
// Kerberos, which do not come with PostgreSQL's.
#define LIBPQ_BE_H
typedef struct Port Port;
typedef struct ClientSocket ClientSocket;
#include "libpq/libpq.h"
#undef LIBPQ_BE_H
#include "libpq/pqformat.h"
#include "pgstat.h"
}

namespace pg_takeout {

namespace {

// Message types of the protocol, version 3.
constexpr char copy_out_response = 'H';
constexpr char copy_data = 'd';
constexpr char copy_done = 'c';

// A client holds a whole message in memory, and a cancel waits for one.
constexpr Size largest_message = 64 * 1024;

// PostgreSQL's buffer for what goes to the client has 8 kB, and each time that it is full the kernel and perhaps the client
// are called. Only this function makes it larger: by a message that has to fit into it, once.
void widen_send_buffer(const char* data, Size length) { pq_putmessage_noblock(copy_data, data, length); }

void send_bytes(RawReceiver* receiver, const char* data, Size size) {
  while (size > 0) {
    const Size length = Min(size, largest_message);
    // A background worker's messages go through a queue of shared memory, which has no such buffer.
    if (length == largest_message && !receiver->is_buffer_wide && MyProcPort != nullptr) {
      widen_send_buffer(data, length);
      receiver->is_buffer_wide = true;
    } else {
      (void)pq_putmessage(copy_data, data, length);
    }
    data += length;
    size -= length;
    receiver->bytes += length;
    pgstat_progress_update_param(PROGRESS_COPY_BYTES_PROCESSED, static_cast<int64>(receiver->bytes));
    // A connection that was lost while sending shows here too.
    CHECK_FOR_INTERRUPTS();
  }
}

void send_value(RawReceiver* receiver, Datum value) {
  struct varlena* bytes = PG_DETOAST_DATUM_PACKED(value);
  const char* data = VARDATA_ANY(bytes);
  Size size = VARSIZE_ANY_EXHDR(bytes);
  if (receiver->text) {
    const char* converted = pg_server_to_client(data, static_cast<int>(size));
    if (converted != data) {
      data = converted;
      size = strlen(converted);
    }
  }
  send_bytes(receiver, data, size);
}

bool receive_row(TupleTableSlot* slot, DestReceiver* self) {
  auto* receiver = reinterpret_cast<RawReceiver*>(self);
  CHECK_FOR_INTERRUPTS();
  bool is_null;
  const Datum value = slot_getattr(slot, 1, &is_null);
  if (!is_null) {
    const MemoryContext previous = MemoryContextSwitchTo(receiver->row_context);
    send_value(receiver, value);
    MemoryContextSwitchTo(previous);
    MemoryContextReset(receiver->row_context);
  }
  ++receiver->rows;
  pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, static_cast<int64>(receiver->rows));
  return true;
}

void start(DestReceiver*, int, TupleDesc) {}

void shut_down(DestReceiver*) {}

void destroy(DestReceiver*) {}

// Whether a value of the type is text: varchar is stored as text is, with nothing to strip or pad.
bool is_text(Oid type) { return type == TEXTOID || type == VARCHAROID; }

}  // namespace

RawReceiver* make_raw_receiver() {
  auto* receiver = static_cast<RawReceiver*>(palloc0(sizeof(RawReceiver)));
  receiver->base.receiveSlot = receive_row;
  receiver->base.rStartup = start;
  receiver->base.rShutdown = shut_down;
  receiver->base.rDestroy = destroy;
  receiver->base.mydest = DestCopyOut;
  receiver->row_context = AllocSetContextCreate(CurrentMemoryContext, "COPY raw row", ALLOCSET_DEFAULT_SIZES);
  return receiver;
}

void begin_raw_copy(RawReceiver* receiver, TupleDesc row_type) {
  if (row_type->natts != 1)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("COPY format \"raw\" needs exactly one column of type bytea or text"),
                    errdetail("There are %d columns.", row_type->natts)));
  const Form_pg_attribute column = TupleDescAttr(row_type, 0);
  const Oid type = getBaseType(column->atttypid);
  if (type != BYTEAOID && !is_text(type))
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("COPY format \"raw\" needs exactly one column of type bytea or text"),
             errdetail("Column \"%s\" is of type %s.", NameStr(column->attname), format_type_be(column->atttypid)),
             errhint("Cast it to text, or to bytea.")));
  receiver->text = is_text(type);

  // The nearest of the protocol's two formats, for clients that choose between bytes and characters by it.
  const int16 format = receiver->text ? 0 : 1;
  StringInfoData message;
  pq_beginmessage(&message, copy_out_response);
  pq_sendbyte(&message, static_cast<uint8>(format));
  pq_sendint16(&message, 1);
  pq_sendint16(&message, static_cast<uint16>(format));
  pq_endmessage(&message);
}

void end_raw_copy(RawReceiver* receiver) {
  pq_putemptymessage(copy_done);
  MemoryContextDelete(receiver->row_context);
  receiver->row_context = nullptr;
}

}  // namespace pg_takeout
