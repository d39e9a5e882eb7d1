/*
 * Services in C and C++: providers, clients, and the values that they send each other.
 *
 * `lucarne interface generate --c` makes typed functions over this header from the definition of a service, and
 * docs/interfaces.md shows how to use them. Code that is written by hand uses the functions below.
 *
 * Threads: the callbacks of a provider run on a thread of its own, one at a time, and may block. All functions below
 * may be called on any thread, and in callbacks.
 *
 * Memory: functions copy their arguments, unless they say otherwise. What they allocate belongs to a toit_message_t,
 * and is freed with it. Types that are only declared are opaque; they identify an object until it is closed. Functions
 * report the use of a closed one as an error.
 */
#ifndef TOIT_SERVICE_H
#define TOIT_SERVICE_H

#include <string.h>

#include <toit/toit.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Values ---- */

/*
 * A string in UTF-8. A zero follows the data of a string that the system passes to C, so it is also a C string. If
 * `data` is NULL, it is the empty string, or null where null is possible.
 */
typedef struct {
  const char* data;
  size_t size; /* In bytes, without the zero. */
} toit_string_t;

/* A byte array. If `data` is NULL, it is empty, or null where null is possible. The same holds for lists and maps. */
typedef struct {
  const uint8_t* data;
  size_t size;
} toit_bytes_t;

typedef struct toit_value_t toit_value_t;
typedef struct toit_entry_t toit_entry_t;

/* A list. */
typedef struct {
  const toit_value_t* items;
  size_t count;
} toit_list_t;

/* A map, in the order of its entries. */
typedef struct {
  const toit_entry_t* entries;
  size_t count;
} toit_map_t;

/* The type of a value. */
typedef enum {
  TOIT_VALUE_NULL = 0,
  TOIT_VALUE_BOOL,
  TOIT_VALUE_INT,
  TOIT_VALUE_FLOAT,
  TOIT_VALUE_STRING,
  TOIT_VALUE_BYTES,
  TOIT_VALUE_LIST,
  TOIT_VALUE_MAP
} toit_value_type_t;

/* A value of any type. The values of messages, and no others, are such values. */
struct toit_value_t {
  toit_value_type_t type;
  union {
    bool boolean;
    int64_t integer;
    double number;
    toit_string_t string;
    toit_bytes_t bytes;
    toit_list_t list;
    toit_map_t map;
  } as; /* The member for the type; none for null. */
};

/* An entry of a map. */
struct toit_entry_t {
  toit_value_t key;
  toit_value_t value;
};

/* Returns the string with the characters of a C string, which it does not copy. NULL is null. */
static inline toit_string_t toit_string(const char* text) {
  toit_string_t string;
  string.data = text;
  string.size = text == NULL ? 0 : strlen(text);
  return string;
}

/* Returns whether a string has the characters of a C string. Only null is NULL. */
static inline bool toit_string_is(toit_string_t string, const char* text) {
  size_t size;
  if (string.data == NULL || text == NULL) return string.data == NULL && text == NULL;
  size = strlen(text);
  return string.size == size && memcmp(string.data, text, size) == 0;
}

/* Returns a byte array, whose data it does not copy. */
static inline toit_bytes_t toit_bytes(const void* data, size_t size) {
  toit_bytes_t bytes;
  bytes.data = (const uint8_t*)data;
  bytes.size = size;
  return bytes;
}

/* Functions that return values. They do not copy strings, byte arrays, lists and maps. */
static inline toit_value_t toit_value_null(void) {
  toit_value_t value;
  value.type = TOIT_VALUE_NULL;
  value.as.integer = 0;
  return value;
}

static inline toit_value_t toit_value_bool(bool boolean) {
  toit_value_t value;
  value.type = TOIT_VALUE_BOOL;
  value.as.boolean = boolean;
  return value;
}

static inline toit_value_t toit_value_int(int64_t integer) {
  toit_value_t value;
  value.type = TOIT_VALUE_INT;
  value.as.integer = integer;
  return value;
}

static inline toit_value_t toit_value_float(double number) {
  toit_value_t value;
  value.type = TOIT_VALUE_FLOAT;
  value.as.number = number;
  return value;
}

static inline toit_value_t toit_value_string(toit_string_t string) {
  toit_value_t value;
  value.type = TOIT_VALUE_STRING;
  value.as.string = string;
  return value;
}

static inline toit_value_t toit_value_bytes(toit_bytes_t bytes) {
  toit_value_t value;
  value.type = TOIT_VALUE_BYTES;
  value.as.bytes = bytes;
  return value;
}

static inline toit_value_t toit_value_list(toit_list_t list) {
  toit_value_t value;
  value.type = TOIT_VALUE_LIST;
  value.as.list = list;
  return value;
}

static inline toit_value_t toit_value_map(toit_map_t map) {
  toit_value_t value;
  value.type = TOIT_VALUE_MAP;
  value.as.map = map;
  return value;
}

/* The same for values that may be null: the pointer, or the pointer in the argument, is then NULL. */
static inline toit_value_t toit_value_bool_or_null(const bool* boolean) {
  return boolean == NULL ? toit_value_null() : toit_value_bool(*boolean);
}

static inline toit_value_t toit_value_int_or_null(const int64_t* integer) {
  return integer == NULL ? toit_value_null() : toit_value_int(*integer);
}

static inline toit_value_t toit_value_float_or_null(const double* number) {
  return number == NULL ? toit_value_null() : toit_value_float(*number);
}

static inline toit_value_t toit_value_string_or_null(toit_string_t string) {
  return string.data == NULL ? toit_value_null() : toit_value_string(string);
}

static inline toit_value_t toit_value_bytes_or_null(toit_bytes_t bytes) {
  return bytes.data == NULL ? toit_value_null() : toit_value_bytes(bytes);
}

static inline toit_value_t toit_value_list_or_null(toit_list_t list) {
  return list.items == NULL ? toit_value_null() : toit_value_list(list);
}

static inline toit_value_t toit_value_map_or_null(toit_map_t map) {
  return map.entries == NULL ? toit_value_null() : toit_value_map(map);
}

/* The maximum nesting of lists and maps. */
#define TOIT_DEPTH_MAX 128

/* ---- Memory of values ---- */

/* Memory that is freed at once: for a value that is made, or for the values of a message that has arrived. */
typedef struct toit_message_t toit_message_t;

/* Allocates an empty message, which must be deleted. Returns NULL if memory is exhausted. */
toit_message_t* toit_message_new(void);

/* Frees a message with all its memory. NULL is ignored. */
void toit_message_delete(toit_message_t* message);

/*
 * Allocates memory for `count` objects of `size` bytes, filled with zeros, that is freed with the message. The result
 * is NULL only if memory is exhausted. A message must be used by one thread at a time.
 */
void* toit_message_allocate(toit_message_t* message, size_t count, size_t size);

/*
 * Functions that read a value of one type. Strings, byte arrays, lists and maps are not copied. If the value has
 * another type, they return false, and toit_message_reason tells why; `name` says in this text which value it was.
 * With `or_null`, null is allowed: the pointer, or the pointer in the result, is then NULL.
 */
bool toit_read_bool(toit_message_t* message, const toit_value_t* value, const char* name, bool* result);
bool toit_read_int(toit_message_t* message, const toit_value_t* value, const char* name, int64_t* result);
bool toit_read_float(toit_message_t* message, const toit_value_t* value, const char* name, double* result);
bool toit_read_bool_or_null(toit_message_t* message, const toit_value_t* value, const char* name, const bool** result);
bool toit_read_int_or_null(toit_message_t* message, const toit_value_t* value, const char* name,
                           const int64_t** result);
bool toit_read_float_or_null(toit_message_t* message, const toit_value_t* value, const char* name,
                             const double** result);
bool toit_read_string(toit_message_t* message, const toit_value_t* value, const char* name, bool or_null,
                      toit_string_t* result);
bool toit_read_bytes(toit_message_t* message, const toit_value_t* value, const char* name, bool or_null,
                     toit_bytes_t* result);
bool toit_read_list(toit_message_t* message, const toit_value_t* value, const char* name, bool or_null,
                    toit_list_t* result);
bool toit_read_map(toit_message_t* message, const toit_value_t* value, const char* name, bool or_null,
                   toit_map_t* result);

/* Returns the value of a key of a map; if the map does not have the key, a null. */
const toit_value_t* toit_map_find(toit_map_t map, const char* key);

/*
 * Returns why the last value was refused, or that memory is exhausted, if toit_message_allocate has failed since. It
 * belongs to the message.
 */
const char* toit_message_reason(const toit_message_t* message);

/* ---- Containers ---- */

/* A container whose code is C. It can provide services and use those of others. */
typedef struct toit_container_t toit_container_t;

/*
 * Code of a container, on a thread of its own. When it returns, the container is closed if it provides no service. Once
 * the system ends, calls and receiving fail; it must then return.
 */
typedef void (*toit_container_run_cb_t)(void* user_data, toit_container_t* container);

/*
 * Adds a container. It starts when the system starts, so call this before that, usually in a function with
 * __attribute__((constructor)). The name is for display.
 *
 *   TOIT_OK         It will start.
 *   TOIT_ERR_ERROR  The name is NULL, empty, too long or not UTF-8, or `run` is NULL.
 */
toit_err_t toit_container_add(const char* name, toit_container_run_cb_t run, void* user_data);

/* ---- Results ---- */

/* How an operation of a client has ended. */
typedef enum {
  TOIT_STATUS_OK = 0,        /* Success. */
  TOIT_STATUS_THROWN,        /* The provider has thrown an error: its text is in the answer. */
  TOIT_STATUS_GONE,          /* The provider has ended or no longer offers the service, or its machine was lost: the text
                                CONTACT_LOST says that the call may have been executed. */
  TOIT_STATUS_REFUSED,       /* Nothing was sent: an argument is invalid, or too much is in progress. */
  TOIT_STATUS_UNIMPLEMENTED, /* The provider has no such method. */
  TOIT_STATUS_CANCELED,      /* The call was canceled. */
  TOIT_STATUS_DEADLINE,      /* The time limit has passed. */
  TOIT_STATUS_UNRESPONSIVE,  /* The provider does not answer. */
  TOIT_STATUS_CLOSED,        /* The container, the client or the proxy is closed, or never existed. */
  TOIT_STATUS_DECODE,        /* The answer has another form than expected. */
  TOIT_STATUS_SLOW,          /* The notifications were not received in time, so the resource was closed. */
  TOIT_STATUS_ABSENT,        /* The service has no provider. */
  TOIT_STATUS_DENIED,        /* The container may not open the service. */
  TOIT_STATUS_AMBIGUOUS      /* There are several best providers. */
} toit_status_t;

/* The size of the text of an error in an answer, with its zero. A longer text is cut off. */
#define TOIT_TEXT_SIZE 256

/*
 * What a call needs beside its arguments, and what remains of it. It can be used for any number of calls, one after the
 * other; each frees what the last has left. After the last it must be cleared.
 */
typedef struct {
  int64_t timeout_ms;         /* The time limit. 0: that of the definition, if there is one. Negative: none. */
  toit_status_t status;       /* How the call has ended. */
  const toit_value_t* values; /* The result of a call, or the values of a notification. */
  size_t count;               /* The number of values. */
  toit_message_t* message;    /* The memory of the values and of the results of typed functions; NULL if there is none. */
  char text[TOIT_TEXT_SIZE];  /* The text of an error. It is empty after success. */
} toit_answer_t;

/* The initial value: toit_answer_t answer = TOIT_ANSWER(); */
#define TOIT_ANSWER() { 0, TOIT_STATUS_OK, NULL, 0, NULL, "" }

/* Frees what the last call has left, and keeps the time limit. */
void toit_answer_clear(toit_answer_t* answer);

/* Sets status and text after values were refused by toit_read_..., and returns TOIT_STATUS_DECODE. */
toit_status_t toit_answer_refuse(toit_answer_t* answer);

/*
 * Connects to the system that listens on a path, in another OS process, as a container of that system. The container
 * must be closed.
 *
 * Status: TOIT_STATUS_OK, TOIT_STATUS_REFUSED, TOIT_STATUS_DEADLINE or TOIT_STATUS_GONE. The text has the reason.
 */
toit_status_t toit_container_connect(const char* name, const char* path, toit_container_t** container,
                                     toit_answer_t* answer);

/*
 * Closes a container: uninstalls its providers, closes its clients, and ends it. Returns after the last callback of its
 * providers.
 *
 *   TOIT_OK             It is closed.
 *   TOIT_ERR_NOT_FOUND  The container is closed, or never existed.
 */
toit_err_t toit_container_close(toit_container_t* container);

/* ---- Providers ---- */

/* An installed provider. */
typedef struct toit_provider_t toit_provider_t;

/* A call of a method, until it is answered. It may be kept, and answered on any thread. */
typedef struct toit_call_t toit_call_t;

/* The provider's control of a resource, until it is closed: to notify its client, and to end it. */
typedef struct toit_resource_t toit_resource_t;

/* A method of a service. */
typedef struct {
  int32_t index;
  int32_t kind;      /* 0, or the kind of the resource that it belongs to. You number these kinds, from 1. */
  int32_t arguments; /* The number of arguments, without the resource. */
} toit_method_t;

/*
 * A service that is written in C. `handlers` and `user_data` are those of toit_provider_add or toit_provider_install.
 * Callbacks that are NULL are not called.
 */
typedef struct {
  size_t size;      /* sizeof(toit_service_t): later versions may add members at the end. */
  const char* uuid; /* The UUID of the interface, and its version. */
  uint32_t major;
  uint32_t minor;
  const toit_method_t* methods;
  size_t method_count;

  /*
   * The first callback. Clients may open the service before it returns, but calls are handled only after that. The
   * provider can use the container as a client, too.
   */
  void (*on_created)(const void* handlers, void* user_data, toit_container_t* container);

  /*
   * A call. It must be answered once, now or later. If the callback returns an error and has not answered, the call
   * fails with a text for that error. `object` is the resource that the method belongs to. The arguments, as many as
   * the method has, and the message belong to the call: they are freed when it is answered.
   */
  toit_err_t (*on_call)(const void* handlers, void* user_data, toit_call_t* call, int32_t index, void* object,
                        toit_message_t* message, const toit_value_t* arguments);

  /*
   * A resource has been closed: by its client, because the client has ended, or by toit_resource_end. It comes after the
   * answers to all calls of the resource, unless the provider is uninstalled before. Free the object here.
   */
  void (*on_closed)(const void* handlers, void* user_data, int32_t kind, void* object);

  /* The last callback: the provider has been uninstalled, or its container or the system has ended. */
  void (*on_removed)(const void* handlers, void* user_data);

  /*
   * The definition that the provider carries, for tools that call methods by name: its text, compressed by zlib, as
   * generated code has it. At most 1 MiB. NULL and 0 if there is none.
   */
  const uint8_t* definition;
  size_t definition_size;
} toit_service_t;

/* How a provider describes itself. Members that are 0 or NULL mean the default. */
typedef struct {
  size_t size;         /* sizeof(toit_provider_options_t) */
  const char* name;    /* The name. The default is the UUID. */
  const char* version; /* The version, such as "1.0" or "1.0.2". The default is that of the interface. */
  uint8_t priority;    /* Of several providers, clients use the one with the highest. The default is 128. */
  const char* tag;     /* A tag by which clients can choose the provider. */
} toit_provider_options_t;

/* The default options. */
#define TOIT_PROVIDER_OPTIONS() { sizeof(toit_provider_options_t), NULL, NULL, 0, NULL }

/*
 * Adds a provider, in a container of its own. It is installed when the system starts, so call this before that,
 * usually in a function with __attribute__((constructor)). `service` and `handlers` must stay valid until on_removed.
 * `options` may be NULL.
 *
 *   TOIT_OK         It will be installed. If that fails, the start of the system fails.
 *   TOIT_ERR_ERROR  The service or an option is invalid.
 */
toit_err_t toit_provider_add(const toit_service_t* service, const toit_provider_options_t* options,
                             const void* handlers, void* user_data);

/*
 * Installs a provider in a container. Clients can open it when this returns. The same pointers must stay valid.
 * `provider` may be NULL.
 *
 *   TOIT_OK             It is installed.
 *   TOIT_ERR_NOT_FOUND  The container has ended, or never existed.
 *   TOIT_ERR_ERROR      The service or an option is invalid, or the system refuses it.
 */
toit_err_t toit_provider_install(toit_container_t* container, const toit_service_t* service,
                                 const toit_provider_options_t* options, const void* handlers, void* user_data,
                                 toit_provider_t** provider);

/*
 * Uninstalls a provider: its clients and resources are closed. Returns after on_removed, unless it is called in a
 * callback of this provider.
 *
 *   TOIT_OK             It is uninstalled.
 *   TOIT_ERR_NOT_FOUND  The provider is uninstalled, or never existed.
 */
toit_err_t toit_provider_uninstall(toit_provider_t* provider);

/*
 * Answers a call with a value. The value may refer to the arguments of the call.
 *
 *   TOIT_OK                    The answer will be sent.
 *   TOIT_ERR_NO_SUCH_RECEIVER  The caller has ended, or no longer needs the answer.
 *   TOIT_ERR_NOT_FOUND         The call has been answered, or never existed.
 *   TOIT_ERR_ERROR             The value is invalid: a string is not UTF-8, data is missing, or it is nested deeper than
 *                              128. The call can still be answered.
 */
toit_err_t toit_call_reply(toit_call_t* call, const toit_value_t* value);

/*
 * Answers a call with a new resource of this kind, represented by an object of the provider. `resource` is set before
 * clients can use it. It may be NULL if the resource does not notify, and you do not end it. After TOIT_OK, on_closed is
 * called once with the object; after an error, the object still belongs to the caller. The codes are those of
 * toit_call_reply; TOIT_ERR_ERROR means that the object is NULL or the kind is not positive, or that there are too many
 * resources.
 */
toit_err_t toit_call_reply_resource(toit_call_t* call, int32_t kind, void* object, bool notifies,
                                    toit_resource_t** resource);

/* Fails a call: the caller throws the error, a text of at most 1,024 bytes. The codes are those of toit_call_reply. */
toit_err_t toit_call_fail(toit_call_t* call, const char* error);

/*
 * Notifies the client of a resource. Several values are sent as a list, no value as null.
 *
 *   TOIT_OK             It has been sent.
 *   TOIT_ERR_NOT_FOUND  The resource is closed, or never existed.
 *   TOIT_ERR_ERROR      The client has no room for it now, a value is invalid, or the resource does not notify.
 */
toit_err_t toit_resource_notify(toit_resource_t* resource, const toit_value_t* values, size_t count);

/*
 * Ends a resource: it is closed, and its client is told, after the notifications that were sent before. A client of a
 * resource that does not notify cannot be told: its next call fails with NO_SUCH_RESOURCE. on_closed is called later, on
 * the thread of the provider.
 *
 *   TOIT_OK             It is closed.
 *   TOIT_ERR_NOT_FOUND  The resource is closed, or never existed.
 */
toit_err_t toit_resource_end(toit_resource_t* resource);

/* ---- Clients ---- */

/* A service that a container has opened. */
typedef struct toit_client_t toit_client_t;

/* The client's end of a resource. */
typedef struct toit_proxy_t toit_proxy_t;

/* How a service is opened. Members that are 0 or NULL mean the default. */
typedef struct {
  size_t size;        /* sizeof(toit_open_options_t) */
  int64_t timeout_ms; /* The time to wait for a provider. 0: 100 ms. Negative: it does not wait. */
  const char* tag;    /* Only providers with this tag are used. */
} toit_open_options_t;

/* The default options. */
#define TOIT_OPEN_OPTIONS() { sizeof(toit_open_options_t), 0, NULL }

/* Opens a service for a container. The client must be closed. `options` may be NULL. */
toit_status_t toit_client_open(toit_container_t* container, const char* uuid, uint32_t major, uint32_t minor,
                               const toit_open_options_t* options, toit_client_t** client, toit_answer_t* answer);

/*
 * Closes a client, with its resources.
 *
 *   TOIT_STATUS_OK            It is closed.
 *   TOIT_STATUS_CLOSED        It was closed before, or never existed.
 *   TOIT_STATUS_UNRESPONSIVE  The provider does not answer; the client cannot be used any more.
 */
toit_status_t toit_client_close(toit_client_t* client);

/*
 * Calls a method, and waits for the result, which is then the only value of the answer. `timeout_ms` is the time limit
 * if the answer has none; 0 means none.
 */
toit_status_t toit_client_call(toit_client_t* client, int32_t index, const toit_value_t* arguments, size_t count,
                               int64_t timeout_ms, toit_answer_t* answer);

/* Calls a method of a resource. */
toit_status_t toit_proxy_call(toit_proxy_t* proxy, int32_t index, const toit_value_t* arguments, size_t count,
                              int64_t timeout_ms, toit_answer_t* answer);

/*
 * Takes the resource that a call has returned. It must be closed. If the result is null, and null is possible, the
 * proxy is NULL. With `notifies` its notifications are kept from now on: at most 1,024 wait.
 */
toit_status_t toit_answer_take_proxy(toit_answer_t* answer, bool or_null, bool notifies, toit_proxy_t** proxy);

/*
 * Waits for the next notification, and sets `count` values of the answer. A time limit is that of the answer.
 *
 *   TOIT_STATUS_OK        Here it is.
 *   TOIT_STATUS_CLOSED    The resource is closed.
 *   TOIT_STATUS_DEADLINE  The time limit has passed.
 *   TOIT_STATUS_GONE, TOIT_STATUS_SLOW, TOIT_STATUS_DECODE: see above; after the last, more may follow.
 */
toit_status_t toit_proxy_receive(toit_proxy_t* proxy, size_t count, toit_answer_t* answer);

/* Closes a resource, with the same results as toit_client_close. A thread that waits in toit_proxy_receive returns. */
toit_status_t toit_proxy_close(toit_proxy_t* proxy);

#ifdef __cplusplus
}
#endif

#endif
