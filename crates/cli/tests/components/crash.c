// Ends its OS process on request.
#include <toit/toit.h>

#include <stdlib.h>

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)user_data; (void)sender;
  if (function == 1) abort();
  return toit_msg_request_reply(request, data, length, true);
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_rpc_request = on_rpc_request;
  toit_msg_add_handler("test/crash", NULL, cbs);
}
