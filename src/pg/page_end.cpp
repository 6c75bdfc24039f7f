#include "postgres.hpp"

#include "page_end.hpp"

namespace pg_takeout {

namespace {

[[noreturn]] void raise_unfit_key(const Dataset* dataset, const char* detail) {
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           errmsg("dataset \"%s\" cannot be paged: its key does not tell its rows apart", dataset->name),
           errdetail("%s", detail),
           errhint("Use takeout.export_stream(), which reaches every row, or have its owner name another key with "
                   "takeout.alter_dataset('%s', key => ...).",
                   dataset->name)));
  pg_unreachable();
}

const char* text_at(const TupleTableSlot* slot, int column) {
  return slot->tts_isnull[column] ? nullptr : TextDatumGetCString(slot->tts_values[column]);
}

bool same_text(const char* left, const char* right) {
  return left == nullptr || right == nullptr ? left == right : strcmp(left, right) == 0;
}

}  // namespace

void check_null_keys(const Dataset* dataset, const TupleTableSlot* slot, int sort_column) {
  const int column = sort_column + (dataset->time_column != nullptr ? 1 : 0) + dataset->key_count;
  if (DatumGetBool(slot->tts_values[column])) raise_unfit_key(dataset, "A column of the key holds NULL.");
}

void remember_page_end(const Dataset* dataset, const TupleTableSlot* slot, int sort_column, PageEnd* end) {
  end->time = dataset->time_column != nullptr ? text_at(slot, sort_column++) : nullptr;
  end->key = static_cast<const char**>(palloc(sizeof(char*) * static_cast<size_t>(dataset->key_count)));
  for (int i = 0; i < dataset->key_count; ++i) {
    end->key[i] = text_at(slot, sort_column++);
    if (end->key[i] == nullptr) raise_unfit_key(dataset, "A column of the key holds NULL.");
  }
}

void check_next_row(const Dataset* dataset, const TupleTableSlot* slot, int sort_column, const PageEnd* end) {
  if (dataset->time_column != nullptr && !same_text(text_at(slot, sort_column++), end->time)) return;
  for (int i = 0; i < dataset->key_count; ++i)
    if (!same_text(text_at(slot, sort_column++), end->key[i])) return;
  raise_unfit_key(dataset, "Two rows have the same key.");
}

}  // namespace pg_takeout
