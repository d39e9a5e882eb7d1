/* Containers of a host: one provides a service, another uses it, and the end of their system ends both. */
#include <lucarne/lucarne.h>
#include <toit/service.h>

#include <stdio.h>
#include <stdlib.h>

#define UUID "3ea2ba7e-a1e7-4c1c-9dd4-3b5a21d4c3b6"

static int failures = 0;

#define CHECK(condition)                                               \
  do {                                                                 \
    if (!(condition)) {                                                \
      failures++;                                                      \
      fprintf(stderr, "line %d: %s does not hold\n", __LINE__, #condition); \
    }                                                                  \
  } while (0)

typedef struct {
  lucarne_system_t* system;
  lucarne_err_t ended;
  int removed;
} house_t;

static toit_err_t on_call(const void* handlers, void* user_data, toit_call_t* call, int32_t index, void* object,
                          toit_message_t* message, const toit_value_t* arguments) {
  (void)handlers, (void)index, (void)object;
  house_t* house = user_data;
  house->ended = lucarne_system_end(house->system);
  int64_t number;
  if (!toit_read_int(message, arguments, "number", &number)) return toit_call_fail(call, toit_message_reason(message));
  toit_value_t doubled = toit_value_int(2 * number);
  return toit_call_reply(call, &doubled);
}

static void on_removed(const void* handlers, void* user_data) {
  (void)handlers;
  ((house_t*)user_data)->removed++;
}

int main(void) {
  static const toit_method_t methods[] = { { 0, 0, 1 } };
  static const toit_service_t service = {
    sizeof(toit_service_t), UUID, 1, 0, methods, 1, NULL, on_call, NULL, on_removed, NULL, 0
  };
  house_t house = { NULL, LUCARNE_OK, 0 };
  char* message;
  CHECK(lucarne_system_start(NULL, &house.system, NULL) == LUCARNE_OK);
  toit_container_t* own = NULL;
  toit_container_t* guest = NULL;
  CHECK(lucarne_container_start(NULL, "x", &own, &message) == LUCARNE_ERR_NOT_FOUND);
  free(message);
  CHECK(lucarne_container_start(house.system, NULL, &own, NULL) == LUCARNE_ERR_ARGUMENT);
  CHECK(lucarne_container_start(house.system, "x", NULL, NULL) == LUCARNE_ERR_ARGUMENT);
  CHECK(lucarne_container_start(house.system, "house", &own, &message) == LUCARNE_OK);
  CHECK(lucarne_container_start(house.system, "guest", &guest, &message) == LUCARNE_OK);
  CHECK(toit_provider_install(own, &service, NULL, NULL, &house, NULL) == TOIT_OK);

  toit_answer_t answer = TOIT_ANSWER();
  toit_client_t* client = NULL;
  CHECK(toit_client_open(guest, UUID, 1, 0, NULL, &client, &answer) == TOIT_STATUS_OK);
  toit_value_t number = toit_value_int(21);
  CHECK(toit_client_call(client, 0, &number, 1, 0, &answer) == TOIT_STATUS_OK);
  CHECK(answer.count == 1 && answer.values[0].as.integer == 42);
  CHECK(house.ended == LUCARNE_ERR_NOT_HERE);
  number = toit_value_null();
  CHECK(toit_client_call(client, 0, &number, 1, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "number: found null where an int was expected") == 0);

  CHECK(house.removed == 0);
  CHECK(lucarne_system_end(house.system) == LUCARNE_OK);
  CHECK(house.removed == 1);
  CHECK(toit_client_call(client, 0, &number, 1, 0, &answer) != TOIT_STATUS_OK);
  CHECK(toit_client_close(client) != TOIT_STATUS_UNRESPONSIVE);
  CHECK(toit_container_close(own) == TOIT_ERR_NOT_FOUND);
  CHECK(lucarne_container_start(house.system, "late", &own, NULL) == LUCARNE_ERR_NOT_FOUND);
  toit_answer_clear(&answer);
  return failures == 0 ? 0 : 1;
}
