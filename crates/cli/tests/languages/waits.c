/*
 * A container that waits for a notification that never comes, until its system ends, and a provider that does not answer
 * one of its calls.
 */
#include "exchange.h"

#include "verdict.h"

static exchange_guest_resource_t resource;

static toit_err_t join(void* user_data, exchange_join_request_t request) {
  (void)user_data;
  return exchange_join_reply(request, &resource, &resource);
}

static toit_err_t guest_send(void* user_data, exchange_guest_send_request_t request, void* object,
                             toit_string_t message) {
  (void)user_data;
  (void)request;
  (void)object;
  (void)message;
  return TOIT_OK;
}

static void on_guest_closed(void* user_data, void* object) {
  (void)user_data;
  printf("closed: %d\n", object == &resource);
}

static exchange_Guest_t guest;

static void talk(toit_container_t* container, verdict_t* verdict) {
  toit_answer_t answer = TOIT_ANSWER();
  exchange_client_t client;
  toit_open_options_t options = TOIT_OPEN_OPTIONS();
  options.timeout_ms = 10000;
  SUCCEEDS(exchange_open(container, &options, &client, &answer));
  SUCCEEDS(exchange_join_call(client, &guest, &answer));
  answer.timeout_ms = 1500;
  CHECK(exchange_guest_send_call(guest, toit_string("no answer"), &answer) == TOIT_STATUS_DEADLINE);
  toit_answer_clear(&answer);
}

static void run(void* user_data, toit_container_t* container) {
  (void)user_data;
  with_verdict(container, "waits", talk);
  with_verdict(container, "still waits", talk);
  toit_answer_t answer = TOIT_ANSWER();
  toit_string_t heard;
  toit_status_t status = exchange_guest_receive(guest, &heard, &answer);
  printf("received: %d\n", status == TOIT_STATUS_GONE || status == TOIT_STATUS_CLOSED);
  toit_answer_clear(&answer);
}

static void __attribute__((constructor)) init(void) {
  static const exchange_handlers_t handlers = {
    .join = join,
    .guest_send = guest_send,
    .on_guest_closed = on_guest_closed,
  };
  exchange_add(&handlers, NULL, NULL);
  toit_container_add("waits", run, NULL);
}
