// Returns the data of each request.
#include <toit/toit.h>

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)user_data; (void)sender; (void)function;
  return toit_msg_request_reply(request, data, length, true);
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t callbacks = TOIT_MSG_EMPTY_CBS();
  callbacks.on_rpc_request = on_rpc_request;
  toit_msg_add_handler("bench/echo", 0, callbacks);
}
