/* The headers, in every language that they support. */
#include <lucarne/lucarne.h>
#include <toit/service.h>
#include <toit/toit.h>

int run(const char* file);

int run(const char* file) {
  int code = 0;
  lucarne_system_options_t system_options = LUCARNE_SYSTEM_OPTIONS();
  lucarne_program_options_t options = LUCARNE_PROGRAM_OPTIONS();
  lucarne_system_t* system;
  lucarne_program_t* program;
  struct toit_container_t* container;
  options.flags = LUCARNE_PROGRAM_OUTSIDE;
  if (lucarne_run(file, &options, &code, NULL) != LUCARNE_OK) return 1;
  if (lucarne_system_start(&system_options, &system, NULL) != LUCARNE_OK) return 1;
  if (lucarne_program_start(system, file, NULL, &program, NULL) != LUCARNE_OK) return 1;
  if (lucarne_container_start(system, "usual", &container, NULL) == LUCARNE_OK) toit_container_close(container);
  lucarne_program_wait(program, 0, NULL);
  lucarne_program_stop(program, 1);
  lucarne_program_release(program);
  lucarne_system_load(system, file, NULL);
  lucarne_system_end(system);
  return code;
}
