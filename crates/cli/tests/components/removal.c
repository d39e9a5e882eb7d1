// Handlers that are removed: in a callback, from another thread, and by the end of the system.
#include <toit/toit.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  const char* name;
  toit_msg_context_t* context;
  toit_msg_request_handle_t unanswered;
  int is_in_callback;
} handler_t;

static handler_t first = { .name = "first" };
static handler_t second = { .name = "second" };
static handler_t last = { .name = "last" };

static toit_err_t on_created(void* user_data, toit_msg_context_t* context) {
  handler_t* handler = user_data;
  handler->context = context;
  printf("%s created\n", handler->name);
  return TOIT_OK;
}

static void* remove_from_outside(void* argument) {
  handler_t* handler = argument;
  usleep(20 * 1000);
  int once = toit_msg_remove_handler(handler->context);
  int twice = toit_msg_remove_handler(handler->context);
  printf("%s: removal gives %d and %d\n", handler->name, once, twice);
  fflush(stdout);
  return NULL;
}

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)sender; (void)length;
  handler_t* handler = user_data;
  free(data);
  handler->is_in_callback++;
  if (handler->is_in_callback != 1) printf("two callbacks at a time\n");
  if (function == 0) {
    // Never answered.
    handler->unanswered = request;
  } else if (function == 1) {
    toit_msg_remove_handler(handler->context);
    // The handler still exists until this returns.
    toit_msg_request_reply(request, (uint8_t*)strdup("removing"), 8, true);
    printf("%s: in the callback\n", handler->name);
  } else {
    pthread_t thread;
    pthread_create(&thread, NULL, remove_from_outside, handler);
    pthread_detach(thread);
  }
  handler->is_in_callback--;
  return TOIT_OK;
}

static toit_err_t on_removed(void* user_data) {
  handler_t* handler = user_data;
  if (handler->is_in_callback) printf("removed in a callback\n");
  printf("%s removed\n", handler->name);
  if (handler == &last) {
    printf("of the first: %d\n", toit_msg_request_fail(first.unanswered, "too late"));
  }
  return TOIT_OK;
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_created = on_created;
  cbs.on_rpc_request = on_rpc_request;
  cbs.on_removed = on_removed;
  toit_msg_add_handler("test/first", &first, cbs);
  toit_msg_add_handler("test/second", &second, cbs);
  toit_msg_add_handler("test/last", &last, cbs);
}
