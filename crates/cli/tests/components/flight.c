// Holds requests until the requested number is reached, and then answers them all from a thread.
#include <toit/toit.h>

#include <pthread.h>
#include <stdlib.h>

enum { ALL = 10000 };

static toit_msg_request_handle_t held[ALL];
static uint8_t* contents[ALL];
static int count;

static void* answer(void* argument) {
  // The last first.
  for (int i = ALL - 1; i >= 0; i--) toit_msg_request_reply(held[i], contents[i], 4, true);
  return argument;
}

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t handle,
                                 uint8_t* data, int length) {
  (void)user_data; (void)sender; (void)function; (void)length;
  held[count] = handle;
  contents[count++] = data;
  if (count == ALL) {
    pthread_t thread;
    pthread_create(&thread, NULL, answer, NULL);
    pthread_detach(thread);
  }
  return TOIT_OK;
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_rpc_request = on_rpc_request;
  toit_msg_add_handler("test/flight", NULL, cbs);
}
