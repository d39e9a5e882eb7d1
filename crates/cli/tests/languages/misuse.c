/* A service that is written by hand over toit/service.h, and all that its functions refuse. */
#include <toit/service.h>

#include <stdlib.h>

#include "verdict.h"

#define UUID "5f6f0c1e-2f7f-4d0b-8c55-4f2a0f6d9b11"

enum {
  ECHO_INDEX, REFUSE_INDEX, TWICE_INDEX, LATE_INDEX, OPEN_INDEX, NEWS_INDEX, OTHER_INDEX, INVALID_INDEX, PLAIN_INDEX
};

static toit_call_t* late = NULL;
static toit_resource_t* notifying = NULL;
static toit_resource_t* plain = NULL;
static int created = 0;
static int closed = 0;
static int plain_closed = 0;
static int removed = 0;
static toit_err_t codes[8];
static char objects[2];

static void on_created(const void* handlers, void* user_data, toit_container_t* container) {
  (void)container;
  if (handlers == (void*)codes && user_data == objects) created++;
}

static toit_err_t on_call(const void* handlers, void* user_data, toit_call_t* call, int32_t index, void* object,
                          toit_message_t* message, const toit_value_t* arguments) {
  (void)handlers;
  (void)user_data;
  (void)message;
  switch (index) {
    case ECHO_INDEX:
      return toit_call_reply(call, &arguments[0]);
    case REFUSE_INDEX:
      return TOIT_ERR_OOM;
    case INVALID_INDEX: {
      toit_value_t wrong = toit_value_string(toit_string("\xff"));
      return toit_call_reply(call, &wrong);
    }
    case TWICE_INDEX: {
      toit_value_t wrong = toit_value_string(toit_string("\xff"));
      toit_bytes_t missing = { NULL, 1 };
      toit_value_t data = toit_value_bytes(missing);
      codes[0] = toit_call_reply(call, NULL);
      codes[1] = toit_call_reply(call, &wrong);
      codes[2] = toit_call_reply(call, &data);
      codes[3] = toit_call_fail(call, NULL);
      codes[4] = toit_call_reply_resource(call, 1, NULL, false, NULL);
      codes[5] = toit_call_reply_resource(call, 1, objects, true, NULL);
      codes[6] = toit_call_reply(call, &arguments[1]);
      codes[7] = toit_call_fail(call, "TOO_LATE");
      return TOIT_ERR_ERROR; /* The call has been answered, so this changes nothing. */
    }
    case LATE_INDEX:
      late = call;
      return TOIT_OK;
    case OPEN_INDEX:
      return toit_call_reply_resource(call, 1, objects, true, &notifying);
    case PLAIN_INDEX:
      return toit_call_reply_resource(call, 2, objects, false, &plain);
    case NEWS_INDEX: {
      toit_value_t news[2] = { toit_value_int(object == objects), toit_value_null() };
      toit_resource_notify(notifying, news, 2);
      toit_value_t null = toit_value_null();
      return toit_call_reply(call, &null);
    }
    default:
      return toit_call_fail(call, "unexpected");
  }
}

static void on_closed(const void* handlers, void* user_data, int32_t kind, void* object) {
  (void)handlers;
  (void)user_data;
  if (kind == 1 && object == objects) closed++;
  if (kind == 2 && object == objects) plain_closed++;
}

static void on_removed(const void* handlers, void* user_data) {
  (void)handlers;
  (void)user_data;
  removed++;
}

static const toit_method_t methods[] = {
  { ECHO_INDEX, 0, 1 }, { REFUSE_INDEX, 0, 0 }, { TWICE_INDEX, 0, 2 }, { LATE_INDEX, 0, 0 },
  { OPEN_INDEX, 0, 0 }, { NEWS_INDEX, 1, 0 },   { OTHER_INDEX, 2, 0 }, { INVALID_INDEX, 0, 0 },
  { PLAIN_INDEX, 0, 0 },
};

static const toit_service_t service = {
  sizeof(toit_service_t), UUID, 1, 2, methods, 9, on_created, on_call, on_closed, on_removed, NULL, 0
};

static void refused_services(toit_container_t* container, verdict_t* verdict) {
  toit_method_t same[] = { { 0, 0, 0 }, { 0, 1, 0 } };
  toit_method_t negative[] = { { -1, 0, 0 } };
  toit_service_t wrong = service;
  CHECK(toit_provider_install(container, NULL, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong.size = 8;
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong = service;
  wrong.uuid = "5f6f0c1e";
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  CHECK(toit_provider_add(&wrong, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong = service;
  wrong.methods = same;
  wrong.method_count = 2;
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong.methods = negative;
  wrong.method_count = 1;
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong.methods = NULL;
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong = service;
  wrong.definition_size = 1;
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  wrong.definition = (const uint8_t*)"";
  wrong.definition_size = (1 << 20) + 1;
  CHECK(toit_provider_install(container, &wrong, NULL, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  toit_provider_options_t options = TOIT_PROVIDER_OPTIONS();
  options.version = "one";
  CHECK(toit_provider_install(container, &service, &options, NULL, NULL, NULL) == TOIT_ERR_ERROR);
  CHECK(removed == 1); /* Its thread had started. */
  CHECK(toit_provider_install(NULL, &service, NULL, NULL, NULL, NULL) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_provider_uninstall(NULL) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_container_close(NULL) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_container_add(NULL, NULL, NULL) == TOIT_ERR_ERROR);
  toit_value_t value = toit_value_null();
  CHECK(toit_call_reply(NULL, &value) == TOIT_ERR_NOT_FOUND && toit_call_fail(NULL, "x") == TOIT_ERR_NOT_FOUND);
  CHECK(toit_resource_notify(NULL, NULL, 0) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_resource_end(NULL) == TOIT_ERR_NOT_FOUND);
}

static void talk(toit_container_t* container, verdict_t* verdict) {
  refused_services(container, verdict);
  toit_answer_t answer = TOIT_ANSWER();
  toit_client_t* client = NULL;
  CHECK(toit_client_open(container, "?", 1, 0, NULL, &client, &answer) == TOIT_STATUS_REFUSED && answer.text[0] != 0);
  CHECK(toit_client_open(NULL, UUID, 1, 0, NULL, &client, &answer) == TOIT_STATUS_CLOSED);
  toit_open_options_t not_utf8 = TOIT_OPEN_OPTIONS();
  not_utf8.tag = "\xff";
  CHECK(toit_client_open(container, UUID, 1, 0, &not_utf8, &client, &answer) == TOIT_STATUS_REFUSED);
  CHECK(toit_client_open(container, UUID, 1, 0, NULL, NULL, &answer) == TOIT_STATUS_REFUSED);
  CHECK(toit_client_open(container, UUID, 1, 0, NULL, &client, NULL) == TOIT_STATUS_REFUSED);
  CHECK(toit_client_open(container, UUID, 1, 0, NULL, &client, &answer) == TOIT_STATUS_ABSENT);
  CHECK(strcmp(answer.text, "Cannot find service") == 0);
  toit_container_t* other = NULL;
  CHECK(toit_container_connect("other", "/nonexistent/socket", &other, &answer) == TOIT_STATUS_GONE && other == NULL);
  CHECK(toit_container_connect("other", NULL, &other, &answer) == TOIT_STATUS_REFUSED);

  toit_provider_t* provider = NULL;
  created = 0;
  removed = 0;
  CHECK(toit_provider_install(container, &service, NULL, codes, objects, &provider) == TOIT_OK && provider != NULL);
  CHECK(toit_client_open(container, UUID, 1, 3, NULL, &client, &answer) == TOIT_STATUS_THROWN);
  CHECK(strstr(answer.text, "does not provide") != NULL);
  SUCCEEDS(toit_client_open(container, UUID, 1, 1, NULL, &client, &answer));

  toit_value_t two[2] = { toit_value_int(1), toit_value_bool(true) };
  SUCCEEDS(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer));
  CHECK(answer.count == 1 && answer.values[0].type == TOIT_VALUE_INT && created == 1);
  /* Several arguments are a list, which is also a single argument. */
  SUCCEEDS(toit_client_call(client, ECHO_INDEX, two, 2, 0, &answer));
  CHECK(answer.values[0].as.list.count == 2);
  toit_string_t text;
  CHECK(!toit_read_string(answer.message, answer.values, "echo", false, &text));
  CHECK(toit_answer_refuse(&answer) == TOIT_STATUS_DECODE);
  CHECK(strcmp(answer.text, "echo: found a list where a string was expected") == 0);
  CHECK(toit_client_call(client, 70, NULL, 0, 0, &answer) == TOIT_STATUS_UNIMPLEMENTED);
  CHECK(toit_client_call(client, -1, NULL, 0, 0, &answer) == TOIT_STATUS_REFUSED);
  CHECK(toit_client_call(client, ECHO_INDEX, NULL, 2, 0, &answer) == TOIT_STATUS_REFUSED);
  CHECK(toit_client_call(client, REFUSE_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "OUT_OF_MEMORY") == 0);
  CHECK(toit_client_call(client, REFUSE_INDEX, two, 2, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "2 arguments instead of 0") == 0);
  CHECK(toit_client_call(client, INVALID_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "the provider's result cannot be sent: a string is not UTF-8") == 0);
  CHECK(toit_string_is(toit_string("a"), "a") && !toit_string_is(toit_string("a"), "b"));
  CHECK(toit_string_is(toit_string(""), "") && toit_string_is(toit_string(NULL), NULL));
  CHECK(!toit_string_is(toit_string(NULL), "") && !toit_string_is(toit_string(""), NULL));
  SUCCEEDS(toit_client_call(client, TWICE_INDEX, two, 2, 0, &answer));
  CHECK(answer.values[0].type == TOIT_VALUE_BOOL);
  for (int i = 0; i < 6; i++) CHECK(codes[i] == TOIT_ERR_ERROR);
  /* The callback goes on after its answer, but ends before the next call. */
  SUCCEEDS(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer));
  CHECK(codes[6] == TOIT_OK && codes[7] == TOIT_ERR_NOT_FOUND);
  CHECK(toit_client_call(client, LATE_INDEX, NULL, 0, 10, &answer) == TOIT_STATUS_DEADLINE);
  /* The provider hears of the cancel before the next call. */
  SUCCEEDS(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer));
  CHECK(toit_call_reply(late, &two[0]) == TOIT_ERR_NO_SUCH_RECEIVER);
  CHECK(toit_call_reply(late, &two[0]) == TOIT_ERR_NOT_FOUND);

  toit_proxy_t* proxy = NULL;
  CHECK(toit_answer_take_proxy(&answer, false, true, &proxy) == TOIT_STATUS_OK); /* An int is as good as a handle. */
  CHECK(toit_proxy_call(proxy, NEWS_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "NO_SUCH_RESOURCE") == 0);
  CHECK(toit_proxy_close(proxy) == TOIT_STATUS_OK && toit_proxy_close(proxy) == TOIT_STATUS_CLOSED);
  SUCCEEDS(toit_client_call(client, OPEN_INDEX, NULL, 0, 0, &answer));
  SUCCEEDS(toit_answer_take_proxy(&answer, false, true, &proxy));
  CHECK(toit_answer_take_proxy(&answer, false, true, &proxy) == TOIT_STATUS_DECODE);
  SUCCEEDS(toit_proxy_call(proxy, NEWS_INDEX, NULL, 0, 0, &answer));
  CHECK(toit_proxy_call(proxy, OTHER_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "NO_SUCH_RESOURCE") == 0);
  SUCCEEDS(toit_proxy_receive(proxy, 2, &answer));
  CHECK(answer.count == 2 && answer.values[0].as.integer == 1 && answer.values[1].type == TOIT_VALUE_NULL);
  toit_value_t wrong = toit_value_string(toit_string("\xff"));
  CHECK(toit_resource_notify(notifying, &wrong, 1) == TOIT_ERR_ERROR);
  CHECK(toit_resource_notify(notifying, two, 2) == TOIT_OK);
  CHECK(toit_proxy_receive(proxy, 0, &answer) == TOIT_STATUS_DECODE);
  int sent = 0;
  while (sent < 100000 && toit_resource_notify(notifying, two, 1) == TOIT_OK) sent++;
  CHECK(sent >= 1000 && sent < 100000); /* The client has no room for more. */

  /* The provider ends a resource: the client gets what was sent before, and is told. */
  CHECK(closed == 0);
  toit_resource_t* crowded = notifying;
  toit_proxy_t* ended = NULL;
  SUCCEEDS(toit_client_call(client, OPEN_INDEX, NULL, 0, 0, &answer));
  SUCCEEDS(toit_answer_take_proxy(&answer, false, true, &ended));
  CHECK(toit_resource_notify(notifying, two, 2) == TOIT_OK);
  CHECK(toit_resource_end(notifying) == TOIT_OK);
  CHECK(toit_resource_end(notifying) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_resource_notify(notifying, two, 2) == TOIT_ERR_NOT_FOUND);
  SUCCEEDS(toit_proxy_receive(ended, 2, &answer));
  CHECK(toit_proxy_receive(ended, 2, &answer) == TOIT_STATUS_CLOSED);
  CHECK(toit_proxy_close(ended) == TOIT_STATUS_OK);
  /* The callback comes before the next call. */
  SUCCEEDS(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer));
  CHECK(closed == 1);
  notifying = crowded;

  /* A resource that does not notify can be ended, too. Its client is not told, but its next call fails. */
  SUCCEEDS(toit_client_call(client, PLAIN_INDEX, NULL, 0, 0, &answer));
  SUCCEEDS(toit_answer_take_proxy(&answer, false, false, &ended));
  CHECK(toit_proxy_call(ended, OTHER_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "unexpected") == 0);
  CHECK(toit_resource_notify(plain, two, 2) == TOIT_ERR_ERROR && plain_closed == 0);
  CHECK(toit_resource_end(plain) == TOIT_OK);
  CHECK(toit_resource_end(plain) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_resource_notify(plain, two, 2) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_proxy_call(ended, OTHER_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_THROWN);
  CHECK(strcmp(answer.text, "NO_SUCH_RESOURCE") == 0);
  CHECK(toit_proxy_close(ended) == TOIT_STATUS_OK);
  SUCCEEDS(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer));
  CHECK(plain_closed == 1);

  CHECK(toit_provider_uninstall(provider) == TOIT_OK);
  CHECK(closed == 2 && removed == 1);
  CHECK(toit_resource_notify(notifying, two, 1) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_provider_uninstall(provider) == TOIT_ERR_NOT_FOUND);
  CHECK(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer) == TOIT_STATUS_GONE);
  CHECK(toit_proxy_close(proxy) == TOIT_STATUS_OK);
  CHECK(toit_client_close(client) == TOIT_STATUS_OK && toit_client_close(client) == TOIT_STATUS_CLOSED);
  CHECK(toit_client_call(client, ECHO_INDEX, two, 1, 0, &answer) == TOIT_STATUS_CLOSED);
  toit_answer_clear(&answer);
}

/* A container that is closed with a provider in it, a forgotten call, and an open resource. */
static void close_container(toit_container_t* container, verdict_t* verdict) {
  toit_answer_t answer = TOIT_ANSWER();
  toit_client_t* client = NULL;
  toit_container_t* other = NULL;
  closed = 0;
  removed = 0;
  SUCCEEDS(toit_container_connect("other", getenv("LUCARNE_TEST_SOCKET"), &other, &answer));
  CHECK(toit_provider_install(other, &service, NULL, codes, objects, NULL) == TOIT_OK);
  SUCCEEDS(toit_client_open(container, UUID, 1, 2, NULL, &client, &answer));
  CHECK(toit_client_call(client, LATE_INDEX, NULL, 0, 10, &answer) == TOIT_STATUS_DEADLINE);
  SUCCEEDS(toit_client_call(client, OPEN_INDEX, NULL, 0, 0, &answer));
  CHECK(toit_container_close(other) == TOIT_OK && toit_container_close(other) == TOIT_ERR_NOT_FOUND);
  CHECK(closed == 1 && removed == 1);
  CHECK(toit_client_call(client, ECHO_INDEX, NULL, 0, 0, &answer) == TOIT_STATUS_GONE);
  CHECK(toit_call_fail(late, "never answered") == TOIT_ERR_NO_SUCH_RECEIVER);
  CHECK(toit_client_close(client) == TOIT_STATUS_OK);
  toit_answer_clear(&answer);
}

static void run(void* user_data, toit_container_t* container) {
  (void)user_data;
  with_verdict(container, "misuse", talk);
  with_verdict(container, "close", close_container);
}

static void __attribute__((constructor)) init(void) {
  toit_container_add("misuse", run, NULL);
}
