/*
 * The interface between Lucarne and components in C and C++.
 *
 * A component is a shared library, or a part of a program, that offers handlers. A handler has an id, such as
 * "example.com/echo". Toit programs, and containers in Rust, open it by this id, send it notifications and
 * make requests.
 *
 * Threads: the callbacks of a handler run on a thread of its own, one at a time. All functions below may be
 * called on any thread, and in callbacks.
 *
 * Memory: data that a callback gets belongs to the component: it may write into it and keep it, and must free
 * it with free(). A zero follows the data, so that a Toit string is also a C string. Data that is passed to a
 * function belongs to the system if the function succeeds; it must come from malloc() or a related function.
 */
#ifndef TOIT_TOIT_H
#define TOIT_TOIT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#else
#include <stdbool.h>
#endif

/* The result of a function. */
typedef enum {
  TOIT_OK = 0,               /* Success. */
  TOIT_ERR_OOM,              /* There is no memory, even after a garbage collection. */
  TOIT_ERR_NO_SUCH_RECEIVER, /* The receiver does not exist. */
  TOIT_ERR_NOT_FOUND,        /* The context or the request does not exist, or no longer exists. */
  TOIT_ERR_ERROR             /* Any other error: no room, an invalid argument, an id that is taken. */
} toit_err_t;

/* Identifies a handler from its on_created until its on_removed. The type is opaque. */
typedef struct toit_msg_context_t toit_msg_context_t;

/* Identifies a request until it is answered. It may be copied, kept, and used on any thread. */
typedef struct {
  int sender;
  int request_handle;
  toit_msg_context_t* context;
} toit_msg_request_handle_t;

/*
 * The first callback. From now on, the functions below accept the context. The results of this callback and of
 * those for notifications and removal are ignored.
 */
typedef toit_err_t (*toit_msg_on_created_cb_t)(void* user_data, toit_msg_context_t* context);

/* A notification. From now on the handler can notify the sender. The data belongs to the component. */
typedef toit_err_t (*toit_msg_on_message_cb_t)(void* user_data, int sender, uint8_t* data, int length);

/*
 * A request. It must be answered once, now or later, with toit_msg_request_reply or toit_msg_request_fail. If
 * the callback returns an error without having answered, the request fails with a text for that error. The
 * data belongs to the component. The component defines the meaning of the function number.
 */
typedef toit_err_t (*toit_msg_on_request_cb_t)(void* user_data,
                                               int sender,
                                               int function,
                                               toit_msg_request_handle_t rpc_handle,
                                               uint8_t* data, int length);

/* The last callback: the handler has been removed, or the system ends. Afterwards unanswered requests fail. */
typedef toit_err_t (*toit_msg_on_removed_cb_t)(void* user_data);

/*
 * The callbacks of a handler. Callbacks that are NULL are not called: requests then fail, and notifications
 * are dropped.
 */
typedef struct toit_msg_cbs_t {
  toit_msg_on_created_cb_t on_created;
  toit_msg_on_message_cb_t on_message;
  toit_msg_on_request_cb_t on_rpc_request;
  toit_msg_on_removed_cb_t on_removed;
} toit_msg_cbs_t;

/* The initial value: no callbacks. */
#ifdef __cplusplus
#define TOIT_MSG_EMPTY_CBS() { NULL, NULL, NULL, NULL }
#else
#define TOIT_MSG_EMPTY_CBS() { .on_created = NULL, .on_message = NULL, .on_rpc_request = NULL, .on_removed = NULL }
#endif

/*
 * Adds a handler. It is created when the system starts, so call this before that, usually in a function with
 * __attribute__((constructor)).
 *
 *   TOIT_OK         It will be created. The id has been copied.
 *   TOIT_ERR_OOM    There is no memory.
  *   TOIT_ERR_ERROR  The id is NULL, empty, too long, or taken. The start of the system then fails, too.
 */
toit_err_t toit_msg_add_handler(const char* id, void* user_data, toit_msg_cbs_t cbs);

/*
 * Removes a handler. Its on_removed is called next, after the current callback, if there is one.
 *
 *   TOIT_OK             It will be removed.
 *   TOIT_ERR_NOT_FOUND  It has been removed, or never existed.
 */
toit_err_t toit_msg_remove_handler(toit_msg_context_t* context);

/*
 * Sends a notification to a process that has sent this handler something before.
 *
 *   TOIT_OK                    It has been sent, and the data belongs to the system.
 *   TOIT_ERR_NO_SUCH_RECEIVER  There is no such process, or it has never sent this handler anything.
 *   TOIT_ERR_NOT_FOUND         There is no such handler.
 *   TOIT_ERR_OOM               There is no memory.
 *   TOIT_ERR_ERROR             The process has no room for it now; or the length is negative, or the data is NULL and
 *                              the length is not 0.
 *
 * On failure the data is freed if free_on_failure is true, and otherwise left unchanged.
 */
toit_err_t toit_msg_notify(toit_msg_context_t* context,
                           int target_pid,
                           uint8_t* data, int length,
                           bool free_on_failure);

/*
 * Answers a request.
 *
 *   TOIT_OK                    The answer has been sent, and the data belongs to the system.
 *   TOIT_ERR_NO_SUCH_RECEIVER  The caller has ended, or no longer needs the answer.
 *   TOIT_ERR_NOT_FOUND         The request has been answered, or its handler removed, or it never existed.
 *   TOIT_ERR_OOM               There is no memory. The request can still be answered.
 *   TOIT_ERR_ERROR             The length is negative, or the data is NULL and the length is not 0. The request can still
 *                              be answered.
 *
 * On failure the data is freed if free_on_failure is true, and otherwise left unchanged.
 */
toit_err_t toit_msg_request_reply(toit_msg_request_handle_t handle,
                                  uint8_t* data, int length,
                                  bool free_on_failure);

/*
 * Fails a request: the caller throws the error, a text of at most 128 bytes (the rest is cut off). The text
 * is copied.
 *
 *   TOIT_OK                    The failure has been sent.
 *   TOIT_ERR_NO_SUCH_RECEIVER  The caller has ended, or no longer needs the answer.
 *   TOIT_ERR_NOT_FOUND         The request has been answered, or its handler removed, or it never existed.
 *   TOIT_ERR_ERROR             The error is NULL. The request can still be answered.
 */
toit_err_t toit_msg_request_fail(toit_msg_request_handle_t handle, const char* error);

/*
 * Collects the garbage of all Toit processes. Waits for each system at most one second: a process that is busy for longer
 * collects its garbage later.
 *
 *   TOIT_OK  Always.
 */
toit_err_t toit_gc(void);

/* Like malloc(). If there is no memory, it collects garbage and tries again. */
void* toit_malloc(size_t size);

/* Like calloc(), with the same retry. */
void* toit_calloc(size_t nmemb, size_t size);

/* Like realloc(), with the same retry. */
void* toit_realloc(void* ptr, size_t size);

#ifdef __cplusplus
}
#endif

#endif
