/* A component that a host loads. */
#include <toit/toit.h>

#include <stdlib.h>

static toit_err_t on_rpc_request(void* user_data, int sender, int function, toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)user_data, (void)sender, (void)function;
  /* Uses all functions of the host that a component may need. */
  toit_gc();
  uint8_t* copy = toit_realloc(toit_malloc(1), length + 1);
  for (int i = 0; i < length; i++) copy[i] = data[i];
  free(data);
  free(toit_calloc(1, 1));
  if (toit_msg_notify(NULL, sender, NULL, 0, false) != TOIT_ERR_NOT_FOUND) return TOIT_ERR_ERROR;
  if (toit_msg_remove_handler(NULL) != TOIT_ERR_NOT_FOUND) return TOIT_ERR_ERROR;
  return toit_msg_request_reply(request, copy, length, true);
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t callbacks = TOIT_MSG_EMPTY_CBS();
  callbacks.on_rpc_request = on_rpc_request;
  toit_msg_add_handler("test/echo", NULL, callbacks);
}
