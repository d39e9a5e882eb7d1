/*
 * Provides the service of all types, and passes each call on to another provider of it. OWN and NEXT are the tags of
 * both. So each value is decoded, encoded, decoded and encoded by generated code.
 */
#include "types.h"

#include <stdio.h>

static types_client_t next;

static void on_created(void* user_data, toit_container_t* container) {
  (void)user_data;
  toit_answer_t answer = TOIT_ANSWER();
  toit_open_options_t options = TOIT_OPEN_OPTIONS();
  options.timeout_ms = 30000;
  options.tag = NEXT;
  if (types_open(container, &options, &next, &answer) != TOIT_STATUS_OK) fprintf(stderr, "%s\n", answer.text);
  toit_answer_clear(&answer);
}

/* Answers with the result of a call, or fails with its error. */
#define PASS(name, result_type, ...)                                                         \
  toit_answer_t answer = TOIT_ANSWER();                                                      \
  result_type result;                                                                        \
  toit_status_t status = types_##name##_call(next, __VA_ARGS__, &result, &answer);           \
  toit_err_t error = status == TOIT_STATUS_OK ? types_##name##_reply(request, REFERENCE(result)) \
                                              : toit_call_fail(request.call, answer.text);   \
  toit_answer_clear(&answer);                                                                \
  return error

#define REFERENCE(result) result

static toit_err_t all(void* user_data, types_all_request_t request, bool a, int64_t b, double c, toit_string_t d,
                      toit_bytes_t e, toit_list_t f, toit_map_t g, toit_value_t h) {
  (void)user_data;
  PASS(all, toit_list_t, a, b, c, d, e, f, g, h);
}

static toit_err_t nulls(void* user_data, types_nulls_request_t request, const bool* a, const int64_t* b,
                        const double* c, toit_string_t d, toit_bytes_t e, toit_list_t f, toit_map_t g,
                        toit_value_t h) {
  (void)user_data;
  PASS(nulls, toit_list_t, a, b, c, d, e, f, g, h);
}

static toit_err_t named(void* user_data, types_named_request_t request, int64_t left, int64_t right) {
  (void)user_data;
  PASS(named, int64_t, left, right);
}

static toit_err_t echo(void* user_data, types_echo_request_t request, toit_bytes_t bytes) {
  (void)user_data;
  PASS(echo, toit_bytes_t, bytes);
}

static toit_err_t perhaps(void* user_data, types_perhaps_request_t request, const types_Shape_t* shape) {
  (void)user_data;
  PASS(perhaps, const types_Shape_t*, shape);
}

static toit_err_t by_name(void* user_data, types_by_name_request_t request, types_list_of_nullable_Shape_t shapes) {
  (void)user_data;
  PASS(by_name, types_map_of_string_to_list_of_Shape_t, shapes);
}

#undef REFERENCE
#define REFERENCE(result) &result

static toit_err_t turn(void* user_data, types_turn_request_t request, const types_Shape_t* shape) {
  (void)user_data;
  PASS(turn, types_Shape_t, shape);
}

static void __attribute__((constructor)) init(void) {
  static const types_handlers_t handlers = {
    .on_created = on_created,
    .all = all,
    .nulls = nulls,
    .named = named,
    .echo = echo,
    .turn = turn,
    .perhaps = perhaps,
    .by_name = by_name,
  };
  toit_provider_options_t options = TOIT_PROVIDER_OPTIONS();
  options.tag = OWN;
  types_add(&handlers, &options, NULL);
}
