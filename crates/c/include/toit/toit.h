/*
 * The interface between Lucarne and components in C and C++.
 *
 * A component is a shared library, or a part of a program, that offers handlers. A handler has an id, such as
 * "example.com/echo"; Toit programs, and containers in Rust, open it by this id, send it notifications and make
 * requests of it.
 *
 * Threads: the callbacks of a handler run on a thread of its own, one at a time. All functions below may be called on
 * any thread, and in callbacks.
 *
 * Memory: data that a callback gets is the component's: it may write into it, keep it, and frees it with free().
 * A zero follows the data, so that a string of Toit is one of C. Data that is given to a function is
 * the system's if the function succeeds; it comes from malloc() or one of its relatives.
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

/* What became of something. */
typedef enum {
  TOIT_OK = 0,               /* It was done. */
  TOIT_ERR_OOM,              /* There is no memory, also after a garbage collection. */
  TOIT_ERR_NO_SUCH_RECEIVER, /* Nobody is there to get it. */
  TOIT_ERR_NOT_FOUND,        /* The context or the request is not, or no longer, there. */
  TOIT_ERR_ERROR             /* Anything else: no room, an argument that makes no sense, an id that is taken. */
} toit_err_t;

/* Names a handler from its on_created until its on_removed. There is nothing to see behind it. */
typedef struct toit_msg_context_t toit_msg_context_t;

/* Names a request until it is answered. It may be copied, kept, and used on any thread. */
typedef struct {
  int sender;
  int request_handle;
  toit_msg_context_t* context;
} toit_msg_request_handle_t;

/*
 * The first callback: from now on others may find the handler. The context is for the functions below. What this callback
 * and those for notifications and removal return is not looked at.
 */
typedef toit_err_t (*toit_msg_on_created_cb_t)(void* user_data, toit_msg_context_t* context);

/*
 * A notification. The sender can be notified from now on.
 * The data belongs to the component.
 */
typedef toit_err_t (*toit_msg_on_message_cb_t)(void* user_data, int sender, uint8_t* data, int length);

/*
 * A request. It is answered once, now or later, with toit_msg_request_reply or toit_msg_request_fail. If the callback
 * returns an error and has not answered, the request fails with a text for that error.
 * The data belongs to the component. What the number of the function means is up to it.
 */
typedef toit_err_t (*toit_msg_on_request_cb_t)(void* user_data,
                                               int sender,
                                               int function,
                                               toit_msg_request_handle_t rpc_handle,
                                               uint8_t* data, int length);

/* The last callback: the handler has been removed, or the system ends. Requests that were not answered have failed. */
typedef toit_err_t (*toit_msg_on_removed_cb_t)(void* user_data);

/* The callbacks of a handler. Those that are NULL are not called; requests then fail, and notifications are dropped. */
typedef struct toit_msg_cbs_t {
  toit_msg_on_created_cb_t on_created;
  toit_msg_on_message_cb_t on_message;
  toit_msg_on_request_cb_t on_rpc_request;
  toit_msg_on_removed_cb_t on_removed;
} toit_msg_cbs_t;

/* No callbacks, to begin with. */
#ifdef __cplusplus
#define TOIT_MSG_EMPTY_CBS() { NULL, NULL, NULL, NULL }
#else
#define TOIT_MSG_EMPTY_CBS() { .on_created = NULL, .on_message = NULL, .on_rpc_request = NULL, .on_removed = NULL }
#endif

/*
 * Says that there is a handler. It is created when the system starts, so that this is called before: in a function with
 * __attribute__((constructor)), most often.
 *
 *   TOIT_OK         It will be created. The id has been copied.
 *   TOIT_ERR_OOM    There is no memory.
 *   TOIT_ERR_ERROR  The id is NULL, empty, too long, not UTF-8, or taken. The system says so when it starts.
 */
toit_err_t toit_msg_add_handler(const char* id, void* user_data, toit_msg_cbs_t cbs);

/*
 * Asks for the removal of a handler. Its on_removed follows, after the callback that is running, if one is.
 *
 *   TOIT_OK             It will be removed.
 *   TOIT_ERR_NOT_FOUND  It has been, or there never was one.
 */
toit_err_t toit_msg_remove_handler(toit_msg_context_t* context);

/*
 * Sends a notification to a process that has sent this handler something before.
 *
 *   TOIT_OK                    It is on its way, and the data is the system's.
 *   TOIT_ERR_NO_SUCH_RECEIVER  There is no such process, or it has never sent this handler anything.
 *   TOIT_ERR_NOT_FOUND         There is no such handler.
 *   TOIT_ERR_OOM               There is no memory.
 *   TOIT_ERR_ERROR             The process has no room for it now; or the length is negative, or the data is NULL and the
 *                              length is not 0.
 *
 * If it fails, the data is freed if free_on_failure says so, and otherwise left as it is.
 */
toit_err_t toit_msg_notify(toit_msg_context_t* context,
                           int target_pid,
                           uint8_t* data, int length,
                           bool free_on_failure);

/*
 * Answers a request.
 *
 *   TOIT_OK                    The answer is on its way, and the data is the system's.
 *   TOIT_ERR_NO_SUCH_RECEIVER  Whoever asked has ended, or does not want the answer any more.
 *   TOIT_ERR_NOT_FOUND         The request has been answered, or its handler removed, or there never was one.
 *   TOIT_ERR_OOM               There is no memory. The request can still be answered.
 *   TOIT_ERR_ERROR             The length is negative, or the data is NULL and the length is not 0. The same.
 *
 * If it fails, the data is freed if free_on_failure says so, and otherwise left as it is.
 */
toit_err_t toit_msg_request_reply(toit_msg_request_handle_t handle,
                                  uint8_t* data, int length,
                                  bool free_on_failure);

/*
 * Fails a request: whoever asked throws the error, a text of at most 128 bytes (what is beyond is cut off). It is copied.
 *
 *   TOIT_OK                    The failure is on its way.
 *   TOIT_ERR_NO_SUCH_RECEIVER  Whoever asked has ended, or does not want the answer any more.
 *   TOIT_ERR_NOT_FOUND         The request has been answered, or its handler removed, or there never was one.
 *   TOIT_ERR_ERROR             The error is NULL. The request can still be answered.
 */
toit_err_t toit_msg_request_fail(toit_msg_request_handle_t handle, const char* error);

/*
 * Collects the garbage of all Toit processes, and returns when that is done.
 *
 *   TOIT_OK  It is.
 */
toit_err_t toit_gc(void);

/* As malloc(). If there is no memory it collects garbage and tries again. */
void* toit_malloc(size_t size);

/* As calloc(), in the same way. */
void* toit_calloc(size_t nmemb, size_t size);

/* As realloc(), in the same way. */
void* toit_realloc(void* ptr, size_t size);

#ifdef __cplusplus
}
#endif

#endif
