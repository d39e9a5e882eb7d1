// Ends its OS process on request, or while it is loaded (EARLY).
#include <toit/toit.h>

#include <stdlib.h>

#ifndef CRASH
#define CRASH abort()
#endif

#ifdef NO_HANDLER
int component_without_handlers = 1;
#else
static inline void fault(void) {
  *(volatile int*)8 = 1;
}

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)user_data; (void)sender;
  (void)fault;
  if (function == 1) CRASH;
  return toit_msg_request_reply(request, data, length, true);
}

static void __attribute__((constructor)) init(void) {
#ifdef EARLY
  abort();
#endif
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_rpc_request = on_rpc_request;
  toit_msg_add_handler("test/crash", NULL, cbs);
}
#endif
