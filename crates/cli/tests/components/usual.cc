// The header in C++, as in C99 and C11: this only has to compile.
#include <toit/toit.h>

static toit_err_t on_removed(void*) { return TOIT_OK; }

toit_err_t add() {
  toit_msg_cbs_t callbacks = TOIT_MSG_EMPTY_CBS();
  callbacks.on_removed = on_removed;
  return toit_msg_add_handler("test/usual", nullptr, callbacks);
}
