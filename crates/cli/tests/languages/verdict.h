/*
 * How the clients in C tell the tests that they are content: a service whose client is written by hand. The tests
 * compile each file with IS_PROVIDER or IS_CLIENT as 1, and the other as 0.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <toit/service.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct {
  char wrong[512];
} verdict_t;

/* Notes the first expression that does not hold. */
#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition) && verdict->wrong[0] == 0) {                                         \
      snprintf(verdict->wrong, sizeof verdict->wrong, "line %d: %s", __LINE__, #condition); \
    }                                                                                     \
  } while (0)

/* The same for a call, which must succeed for those after it. */
#define SUCCEEDS(call)                                                                                \
  do {                                                                                                \
    if ((call) != TOIT_STATUS_OK) {                                                                   \
      if (verdict->wrong[0] == 0) {                                                                   \
        snprintf(verdict->wrong, sizeof verdict->wrong, "line %d: %.99s: %s", __LINE__, #call, answer.text); \
      }                                                                                               \
      toit_answer_clear(&answer);                                                                     \
      return;                                                                                         \
    }                                                                                                 \
  } while (0)

/* Has a conversation, and sends what was wrong in it: method 0 of the service, with a name and a text. */
static inline void with_verdict(toit_container_t* container, const char* name,
                                void (*talk)(toit_container_t*, verdict_t*)) {
  verdict_t verdict = { "" };
  talk(container, &verdict);
  toit_answer_t answer = TOIT_ANSWER();
  toit_open_options_t options = TOIT_OPEN_OPTIONS();
  options.timeout_ms = 10000;
  toit_client_t* client;
  if (toit_client_open(container, "0e6d1d55-8a4f-4c4e-9f5e-0a3b5c1d7e90", 1, 0, &options, &client, &answer) ==
      TOIT_STATUS_OK) {
    toit_value_t arguments[] = { toit_value_string(toit_string(name)), toit_value_string(toit_string(verdict.wrong)) };
    if (toit_client_call(client, 0, arguments, 2, 0, &answer) != TOIT_STATUS_OK) fprintf(stderr, "%s\n", answer.text);
    toit_client_close(client);
  } else {
    fprintf(stderr, "%s: %s\n", name, answer.text);
  }
  toit_answer_clear(&answer);
}

#endif
