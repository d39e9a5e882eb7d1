/* The exchange of messages, and the conversation at it, in C with generated code. */
#include "exchange.h"

#include <stdlib.h>

#include "verdict.h"

/* A guest, in the list of all guests. Only the thread of the provider uses it. */
typedef struct guest_t {
  exchange_guest_resource_t resource;
  struct guest_t* next;
} guest_t;

static guest_t* guests = NULL;

static toit_err_t join(void* user_data, exchange_join_request_t request) {
  (void)user_data;
  guest_t* guest = malloc(sizeof(guest_t));
  if (guest == NULL) return TOIT_ERR_OOM;
  toit_err_t error = exchange_join_reply(request, guest, &guest->resource);
  if (error != TOIT_OK) {
    free(guest);
    return error;
  }
  guest->next = guests;
  guests = guest;
  return TOIT_OK;
}

static toit_err_t guest_send(void* user_data, exchange_guest_send_request_t request, void* object,
                             toit_string_t message) {
  (void)user_data;
  for (guest_t* guest = guests; guest != NULL; guest = guest->next) {
    if (guest != object) exchange_guest_notify(guest->resource, message);
  }
  return exchange_guest_send_reply(request);
}

static void on_guest_closed(void* user_data, void* object) {
  (void)user_data;
  guest_t** place = &guests;
  while (*place != object) place = &(*place)->next;
  *place = (*place)->next;
  free(object);
}

static void talk(toit_container_t* container, verdict_t* verdict) {
  toit_answer_t answer = TOIT_ANSWER();
  toit_open_options_t options = TOIT_OPEN_OPTIONS();
  options.timeout_ms = 10000;
  exchange_client_t client;
  exchange_Guest_t a, b;
  toit_string_t heard;
  SUCCEEDS(exchange_open(container, &options, &client, &answer));
  SUCCEEDS(exchange_join_call(client, &a, &answer));
  SUCCEEDS(exchange_join_call(client, &b, &answer));
  SUCCEEDS(exchange_guest_send_call(a, toit_string("from a"), &answer));
  SUCCEEDS(exchange_guest_send_call(b, toit_string("from b"), &answer));
  SUCCEEDS(exchange_guest_receive(a, &heard, &answer));
  CHECK(toit_string_is(heard, "from b"));
  SUCCEEDS(exchange_guest_receive(b, &heard, &answer));
  CHECK(toit_string_is(heard, "from a"));
  CHECK(exchange_guest_close(a) == TOIT_STATUS_OK);
  SUCCEEDS(exchange_guest_send_call(b, toit_string("to no guest"), &answer));
  CHECK(exchange_guest_receive(a, &heard, &answer) == TOIT_STATUS_CLOSED);
  /* The other guest is closed with its client. */
  CHECK(exchange_close(client) == TOIT_STATUS_OK);
  CHECK(exchange_guest_receive(b, &heard, &answer) == TOIT_STATUS_CLOSED);
  toit_answer_clear(&answer);
}

static void run(void* user_data, toit_container_t* container) {
  (void)user_data;
  with_verdict(container, "exchange", talk);
}

static void __attribute__((constructor)) init(void) {
  static const exchange_handlers_t handlers = {
    .join = join,
    .guest_send = guest_send,
    .on_guest_closed = on_guest_closed,
  };
  if (IS_PROVIDER) exchange_add(&handlers, NULL, NULL);
  if (IS_CLIENT) toit_container_add("exchange client", run, NULL);
}
