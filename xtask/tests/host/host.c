/* A host with a handler of its own: host PROGRAM [COMPONENT]. */
#include <lucarne/lucarne.h>
#include <toit/toit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static toit_err_t on_rpc_request(void* user_data, int sender, int function, toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)user_data, (void)sender, (void)function;
  return toit_msg_request_reply(request, data, length, true);
}

static toit_err_t on_removed(void* user_data) {
  /* Written at the end of the system, and no sooner. */
  printf("%s removed\n", (const char*)user_data);
  return TOIT_OK;
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t callbacks = TOIT_MSG_EMPTY_CBS();
  callbacks.on_rpc_request = on_rpc_request;
  callbacks.on_removed = on_removed;
  toit_msg_add_handler("test/host", "host", callbacks);
}

static int fail(char* message) {
  fprintf(stderr, "%s\n", message);
  free(message);
  return 3;
}

int main(int argc, char** argv) {
  if (argc < 2 || strcmp(lucarne_version(), LUCARNE_VERSION) != 0) return 2;
  char* message;
  lucarne_system_t* system;
  if (lucarne_system_start(NULL, &system, &message) != LUCARNE_OK) return fail(message);
  for (int i = 2; i < argc; i++) {
    if (lucarne_system_load(system, argv[i], &message) != LUCARNE_OK) return fail(message);
  }

  const char* arguments[] = {"test/host", "test/echo"};
  lucarne_program_options_t options = LUCARNE_PROGRAM_OPTIONS();
  options.arguments = arguments;
  options.argument_count = argc > 2 ? 2 : 1;
  lucarne_program_t* program;
  if (lucarne_program_start(system, argv[1], &options, &program, &message) != LUCARNE_OK) return fail(message);
  int code = 1;
  if (lucarne_program_wait(program, -1, &code) != LUCARNE_OK) return 4;
  if (lucarne_system_end(system) != LUCARNE_OK) return 5;
  return code;
}
