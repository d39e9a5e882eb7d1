/*
 * All errors of the functions of lucarne.h; afterwards no memory is left.
 *
 *   errors FOLDER
 */
#include <lucarne/lucarne.h>
#include <toit/toit.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what) \
  if (!(what)) fprintf(stderr, "line %d: %s\n", __LINE__, #what), exit(1)

/* Checks the message, and frees it. */
static bool says(char* message, const char* part) {
  bool found = message != NULL && strstr(message, part) != NULL;
  if (!found) fprintf(stderr, "%s\n", message == NULL ? "no message" : message);
  free(message);
  return found;
}

static char paths[8][4096];

/* Returns the path of a file in the test's folder. */
static const char* file(const char* name) {
  static int next = 0;
  char* path = paths[1 + next++ % 7];
  if (snprintf(path, 4096, "%s/%s", paths[0], name) >= 4096) exit(1);
  return path;
}

static void refused_arguments(void) {
  char* message = (char*)"not looked at";
  CHECK(lucarne_run(NULL, NULL, NULL, &message) == LUCARNE_ERR_ARGUMENT && says(message, "no file"));
  CHECK(lucarne_run("\xff.toit", NULL, NULL, &message) == LUCARNE_ERR_ARGUMENT && says(message, "UTF-8"));
  CHECK(lucarne_run(NULL, NULL, NULL, NULL) == LUCARNE_ERR_ARGUMENT);
  CHECK(lucarne_run(file("missing.toit"), NULL, NULL, &message) == LUCARNE_ERR_FILE);
  CHECK(says(message, "missing.toit"));
  CHECK(lucarne_run(paths[0], NULL, NULL, NULL) == LUCARNE_ERR_FILE);

  lucarne_program_options_t options = {0, NULL, 0, 0, 0};
  CHECK(lucarne_run(file("codes.toit"), &options, NULL, &message) == LUCARNE_ERR_ARGUMENT);
  CHECK(says(message, "size"));
  options.size = sizeof options;
  options.argument_count = 1;
  CHECK(lucarne_run(file("codes.toit"), &options, NULL, NULL) == LUCARNE_ERR_ARGUMENT);
  const char* null = NULL;
  options.arguments = &null;
  CHECK(lucarne_run(file("codes.toit"), &options, NULL, NULL) == LUCARNE_ERR_ARGUMENT);
  options.argument_count = 0;
  options.flags = 2;
  CHECK(lucarne_run(file("codes.toit"), &options, NULL, &message) == LUCARNE_ERR_ARGUMENT && says(message, "flag"));

  lucarne_system_t* system;
  CHECK(lucarne_system_start(NULL, NULL, NULL) == LUCARNE_ERR_ARGUMENT);
  lucarne_system_options_t system_options = LUCARNE_SYSTEM_OPTIONS();
  system_options.workers = 1025;
  CHECK(lucarne_system_start(&system_options, &system, &message) == LUCARNE_ERR_ARGUMENT);
  CHECK(says(message, "workers"));
}

static void unknown_options(void) {
  struct {
    lucarne_program_options_t known;
    uint64_t later;
  } options = {{sizeof options, NULL, 0, 0, 0}, 0};
  int code = -1;
  CHECK(lucarne_run(file("codes.toit"), &options.known, &code, NULL) == LUCARNE_OK && code == 0);
  options.later = 1;
  CHECK(lucarne_run(file("codes.toit"), &options.known, &code, NULL) == LUCARNE_ERR_ARGUMENT);
}

static void unknown_names(void) {
  size_t names[] = {0, 1, 4096, 0x10001, (size_t)-1};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    lucarne_system_t* system = (lucarne_system_t*)names[i];
    lucarne_program_t* program = (lucarne_program_t*)names[i];
    char* message;
    CHECK(lucarne_system_end(system) == LUCARNE_ERR_NOT_FOUND);
    CHECK(lucarne_system_load(system, file("echo.so"), &message) == LUCARNE_ERR_NOT_FOUND && says(message, "system"));
    CHECK(lucarne_system_load(system, NULL, NULL) == LUCARNE_ERR_ARGUMENT);
    CHECK(lucarne_program_start(system, file("codes.toit"), NULL, &program, NULL) == LUCARNE_ERR_NOT_FOUND);
    CHECK(lucarne_program_start(system, file("codes.toit"), NULL, NULL, NULL) == LUCARNE_ERR_ARGUMENT);
    CHECK(lucarne_program_wait(program, -1, NULL) == LUCARNE_ERR_NOT_FOUND);
    CHECK(lucarne_program_stop(program, 1) == LUCARNE_ERR_NOT_FOUND);
    CHECK(lucarne_program_release(program) == LUCARNE_ERR_NOT_FOUND);
  }
}

/* The output of a system. */
typedef struct {
  char text[3][4096];
  size_t length[3];
  lucarne_err_t called_back;
} printed_t;

static void on_output(void* user_data, lucarne_stream_t stream, const char* data, size_t length) {
  printed_t* printed = user_data;
  CHECK(printed->length[stream] + length < sizeof printed->text[stream]);
  memcpy(printed->text[stream] + printed->length[stream], data, length);
  printed->length[stream] += length;
  printed->called_back = lucarne_run(file("codes.toit"), NULL, NULL, NULL);
}

static void wrong_programs(void) {
  printed_t printed = {0};
  lucarne_system_options_t system_options = LUCARNE_SYSTEM_OPTIONS();
  system_options.workers = 2;
  system_options.on_output = on_output;
  system_options.user_data = &printed;
  lucarne_system_t* system;
  char* message;
  CHECK(lucarne_system_start(&system_options, &system, &message) == LUCARNE_OK && message == NULL);

  lucarne_program_t* program = NULL;
  CHECK(lucarne_program_start(system, file("wrong.toit"), NULL, &program, &message) == LUCARNE_ERR_PROGRAM);
  CHECK(says(message, "wrong.toit:2") && program == NULL);
  CHECK(lucarne_program_start(system, file("missing.toit"), NULL, &program, NULL) == LUCARNE_ERR_FILE);
  CHECK(lucarne_system_load(system, file("codes.toit"), &message) == LUCARNE_ERR_COMPONENT);
  CHECK(says(message, "codes.toit"));

  int code = -1;
  lucarne_program_options_t options = LUCARNE_PROGRAM_OPTIONS();
  const char* arguments[] = {"throw", "exit", "outside", "memory"};
  const int codes[] = {1, 9, 0, 1};
  for (size_t i = 0; i < 4; i++) {
    options.arguments = &arguments[i];
    options.argument_count = 1;
    options.memory_limit = 4 << 20;
    CHECK(lucarne_program_start(system, file("codes.toit"), &options, &program, &message) == LUCARNE_OK);
    CHECK(lucarne_program_wait(program, -1, &code) == LUCARNE_OK && code == codes[i]);
    CHECK(lucarne_program_wait(program, 0, NULL) == LUCARNE_OK);
    CHECK(lucarne_program_release(program) == LUCARNE_OK);
    CHECK(lucarne_program_release(program) == LUCARNE_ERR_NOT_FOUND);
  }
  arguments[2] = "granted";
  options.arguments = &arguments[2];
  options.flags = LUCARNE_PROGRAM_OUTSIDE;
  CHECK(lucarne_program_start(system, file("codes.toit"), &options, &program, NULL) == LUCARNE_OK);
  CHECK(lucarne_program_wait(program, -1, &code) == LUCARNE_OK && code == 0);
  CHECK(lucarne_system_end(system) == LUCARNE_OK);
  CHECK(lucarne_system_end(system) == LUCARNE_ERR_NOT_FOUND);
  CHECK(lucarne_program_wait(program, 0, NULL) == LUCARNE_ERR_NOT_FOUND);

  CHECK(strstr(printed.text[LUCARNE_STREAM_ERROR], "it was thrown") != NULL);
  CHECK(strcmp(printed.text[LUCARNE_STREAM_OUT], "PERMISSION_DENIED\nthis one\n") == 0);
  CHECK(printed.called_back == LUCARNE_ERR_NOT_HERE);
}

static void* wait_for_ever(void* program) {
  int code = -1;
  lucarne_err_t result = lucarne_program_wait(program, -1, &code);
  /* The system may end before this thread begins. */
  CHECK(result == LUCARNE_OK || result == LUCARNE_ERR_NOT_FOUND);
  return (void*)(intptr_t)code;
}

/* A program that never ends by itself is stopped explicitly, or by the end of its system. */
static void ends(void) {
  lucarne_system_t* system;
  CHECK(lucarne_system_start(NULL, &system, NULL) == LUCARNE_OK);
  const char* argument = "wait";
  lucarne_program_options_t options = LUCARNE_PROGRAM_OPTIONS();
  options.arguments = &argument;
  options.argument_count = 1;
  lucarne_program_t* programs[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) {
    CHECK(lucarne_program_start(system, file("codes.toit"), &options, &programs[i], NULL) == LUCARNE_OK);
    CHECK(pthread_create(&threads[i], NULL, wait_for_ever, programs[i]) == 0);
  }
  CHECK(lucarne_program_wait(programs[0], 0, NULL) == LUCARNE_ERR_TIMEOUT);
  CHECK(lucarne_program_wait(programs[0], 20, NULL) == LUCARNE_ERR_TIMEOUT);
  CHECK(lucarne_program_stop(programs[0], 5) == LUCARNE_OK);
  int code = -1;
  CHECK(lucarne_program_wait(programs[0], INT64_MAX, &code) == LUCARNE_OK && code == 5);
  void* result;
  CHECK(pthread_join(threads[0], &result) == 0 && (intptr_t)result == 5);
  CHECK(lucarne_program_stop(programs[0], 6) == LUCARNE_OK);
  CHECK(lucarne_program_wait(programs[0], -1, &code) == LUCARNE_OK && code == 5);
  CHECK(lucarne_program_stop(programs[1], 0) == LUCARNE_OK);
  CHECK(pthread_join(threads[1], &result) == 0 && (intptr_t)result == 0);
  CHECK(lucarne_system_end(system) == LUCARNE_OK);
  CHECK(pthread_join(threads[2], &result) == 0 && ((intptr_t)result == 1 || (intptr_t)result == -1));
}

static int removed = 0;

static toit_err_t on_rpc_request(void* system, int sender, int function, toit_msg_request_handle_t request,
                                 uint8_t* data, int length) {
  (void)sender, (void)function, (void)length;
  free(data);
  /* The end waits for this callback. */
  CHECK(lucarne_system_end(*(lucarne_system_t**)system) == LUCARNE_ERR_NOT_HERE);
  /* Another system can be used here. */
  int code = -1;
  CHECK(lucarne_run(file("codes.toit"), NULL, &code, NULL) == LUCARNE_OK && code == 0);
  return toit_msg_request_reply(request, NULL, 0, true);
}

static toit_err_t on_removed(void* system) {
  CHECK(lucarne_system_end(*(lucarne_system_t**)system) == LUCARNE_ERR_NOT_FOUND);
  removed++;
  return TOIT_OK;
}

/* Handlers belong to the first system that starts after they were added. */
static void handlers(void) {
  static lucarne_system_t* first;
  toit_msg_cbs_t callbacks = TOIT_MSG_EMPTY_CBS();
  callbacks.on_rpc_request = on_rpc_request;
  callbacks.on_removed = on_removed;
  CHECK(toit_msg_add_handler("test/errors", &first, callbacks) == TOIT_OK);
  CHECK(toit_msg_add_handler("test/errors", &first, callbacks) == TOIT_ERR_ERROR);
  char* message;
  CHECK(lucarne_system_start(NULL, &first, &message) == LUCARNE_ERR_COMPONENT && says(message, "test/errors"));
  CHECK(lucarne_system_start(NULL, &first, NULL) == LUCARNE_OK);
  lucarne_system_t* second;
  CHECK(lucarne_system_start(NULL, &second, NULL) == LUCARNE_OK);

  lucarne_system_t* systems[] = {first, second};
  const char* arguments[] = {"request", "test/errors", "request", "test/echo"};
  lucarne_program_options_t options = LUCARNE_PROGRAM_OPTIONS();
  options.argument_count = 2;
  CHECK(lucarne_system_load(second, file("echo.so"), NULL) == LUCARNE_OK);
  for (int i = 0; i < 4; i++) {
    options.arguments = &arguments[i & 2];
    lucarne_program_t* program;
    CHECK(lucarne_program_start(systems[i & 1], file("codes.toit"), &options, &program, NULL) == LUCARNE_OK);
    int code = -1;
    CHECK(lucarne_program_wait(program, -1, &code) == LUCARNE_OK && code == (i == 0 || i == 3 ? 0 : 8));
  }
  CHECK(lucarne_system_end(second) == LUCARNE_OK && removed == 0);
  CHECK(lucarne_system_end(first) == LUCARNE_OK && removed == 1);
}

int main(int argc, char** argv) {
  if (argc != 2 || strlen(argv[1]) >= sizeof paths[0]) return 2;
  strcpy(paths[0], argv[1]);
  refused_arguments();
  unknown_options();
  unknown_names();
  setenv("HOST", "this one", 1);
  wrong_programs();
  ends();
  handlers();
  return 0;
}
