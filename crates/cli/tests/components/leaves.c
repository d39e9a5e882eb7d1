// Starts a process that leaves the process group and has no parent any more.
#include <toit/toit.h>

#include <stdio.h>
#include <unistd.h>

static toit_err_t on_created(void* user_data, toit_msg_context_t* context) {
  (void)user_data; (void)context;
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      printf("sleeper %d\n", (int)getpid());
      fflush(stdout);
      execlp("sleep", "sleep", "777", (char*)0);
    }
    _exit(0);
  }
  return TOIT_OK;
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_created = on_created;
  toit_msg_add_handler("test/leaves", NULL, cbs);
}
