// A database for Toit programs: SQLite as a component.
//
// The handler "example.com/sqlite" has one function. It gets an SQL statement, a zero, and the values for its
// parameters. It answers with the number of columns and the values of all rows. A value is a letter for its
// type and data that depends on the type: see `write_value`. The database is the file in the environment
// variable SQLITE_FILE, or one in memory.

#include <toit/toit.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { QUERY = 0 };

// A growing byte array.
typedef struct {
  uint8_t* data;
  size_t length;
  size_t capacity;
  bool has_failed;
} buffer_t;

static void append(buffer_t* buffer, const void* bytes, size_t length) {
  if (buffer->has_failed || length == 0) return;
  if (buffer->length + length > buffer->capacity) {
    size_t capacity = 2 * (buffer->length + length);
    // If memory is short, toit_realloc collects the garbage of Toit programs and tries again.
    uint8_t* data = toit_realloc(buffer->data, capacity);
    if (data == NULL) {
      buffer->has_failed = true;
      return;
    }
    buffer->data = data;
    buffer->capacity = capacity;
  }
  memcpy(buffer->data + buffer->length, bytes, length);
  buffer->length += length;
}

static void append_sized(buffer_t* buffer, const void* bytes, int length) {
  uint32_t size = (uint32_t)length;
  append(buffer, &size, sizeof(size));
  append(buffer, bytes, size);
}

// Writes a letter and a number, or a letter, a length and as many bytes. Numbers have this machine's byte
// order.
static void write_value(buffer_t* buffer, sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER: {
      int64_t value = sqlite3_column_int64(statement, column);
      append(buffer, "i", 1);
      append(buffer, &value, sizeof(value));
      break;
    }
    case SQLITE_FLOAT: {
      double value = sqlite3_column_double(statement, column);
      append(buffer, "f", 1);
      append(buffer, &value, sizeof(value));
      break;
    }
    case SQLITE_TEXT:
      append(buffer, "t", 1);
      append_sized(buffer, sqlite3_column_text(statement, column), sqlite3_column_bytes(statement, column));
      break;
    case SQLITE_BLOB:
      append(buffer, "b", 1);
      append_sized(buffer, sqlite3_column_blob(statement, column), sqlite3_column_bytes(statement, column));
      break;
    default:
      append(buffer, "n", 1);
  }
}

// Takes `size` bytes off the front; NULL if there are fewer.
static const uint8_t* take(const uint8_t** data, const uint8_t* end, size_t size) {
  if ((size_t)(end - *data) < size) return NULL;
  const uint8_t* taken = *data;
  *data += size;
  return taken;
}

static int bind_value(sqlite3_stmt* statement, int index, const uint8_t** data, const uint8_t* end) {
  const uint8_t* type = take(data, end, 1);
  if (*type == 'n') return sqlite3_bind_null(statement, index);
  if (*type == 'i' || *type == 'f') {
    const uint8_t* number = take(data, end, 8);
    if (number == NULL) return SQLITE_MISUSE;
    int64_t integer;
    double real;
    memcpy(&integer, number, sizeof(integer));
    memcpy(&real, number, sizeof(real));
    return *type == 'i' ? sqlite3_bind_int64(statement, index, integer) : sqlite3_bind_double(statement, index, real);
  }
  const uint8_t* size_bytes = take(data, end, sizeof(uint32_t));
  if (size_bytes == NULL) return SQLITE_MISUSE;
  uint32_t size;
  memcpy(&size, size_bytes, sizeof(size));
  const uint8_t* bytes = take(data, end, size);
  if (bytes == NULL || size > INT32_MAX) return SQLITE_MISUSE;
  if (*type == 't') return sqlite3_bind_text(statement, index, (const char*)bytes, (int)size, SQLITE_TRANSIENT);
  if (*type == 'b') return sqlite3_bind_blob(statement, index, bytes, (int)size, SQLITE_TRANSIENT);
  return SQLITE_MISUSE;
}

// Runs a statement to its end. Returns an SQLite result code.
static int run(sqlite3_stmt* statement, const uint8_t* data, const uint8_t* end, buffer_t* answer) {
  for (int index = 1; data < end; index++) {
    int result = bind_value(statement, index, &data, end);
    if (result != SQLITE_OK) return result;
  }
  uint32_t columns = (uint32_t)sqlite3_column_count(statement);
  append(answer, &columns, sizeof(columns));
  int result;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    for (uint32_t column = 0; column < columns; column++) write_value(answer, statement, (int)column);
  }
  return result == SQLITE_DONE ? SQLITE_OK : result;
}

static toit_err_t query(sqlite3* database, toit_msg_request_handle_t request, const uint8_t* data, int length) {
  const char* sql = (const char*)data;
  const uint8_t* end = data + length;
  // A zero always follows the data.
  const uint8_t* parameters = data + strlen(sql) + 1;
  if (parameters > end) parameters = end;

  buffer_t answer = {0};
  sqlite3_stmt* statement = NULL;
  int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  if (result == SQLITE_OK && statement != NULL) result = run(statement, parameters, end, &answer);
  sqlite3_finalize(statement);

  if (result != SQLITE_OK) {
    free(answer.data);
    const char* error = result == SQLITE_MISUSE ? "parameters cannot be read" : sqlite3_errmsg(database);
    return toit_msg_request_fail(request, error);
  }
  if (answer.has_failed || answer.length > INT32_MAX) {
    free(answer.data);
    return TOIT_ERR_OOM;
  }
  return toit_msg_request_reply(request, answer.data, (int)answer.length, true);
}

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)sender;
  sqlite3** database = user_data;
  toit_err_t result = TOIT_ERR_NOT_FOUND;
  if (function == QUERY && *database != NULL) result = query(*database, request, data, length);
  free(data);
  return result;
}

static toit_err_t on_created(void* user_data, toit_msg_context_t* context) {
  (void)context;
  const char* file = getenv("SQLITE_FILE");
  return sqlite3_open(file ? file : ":memory:", user_data) == SQLITE_OK ? TOIT_OK : TOIT_ERR_ERROR;
}

static toit_err_t on_removed(void* user_data) {
  sqlite3** database = user_data;
  sqlite3_close(*database);
  return TOIT_OK;
}

static sqlite3* the_database;

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t callbacks = TOIT_MSG_EMPTY_CBS();
  callbacks.on_created = on_created;
  callbacks.on_rpc_request = on_rpc_request;
  callbacks.on_removed = on_removed;
  toit_msg_add_handler("example.com/sqlite", &the_database, callbacks);
}
