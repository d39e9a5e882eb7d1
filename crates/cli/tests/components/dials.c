// Attempts to use the network of the machine, and to return to the network of the device.
#define _GNU_SOURCE
#include <toit/toit.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The test puts the port in here.
#define PORT 0

static void report(const char* attempt, long result) {
  printf("%s: %s\n", attempt, result < 0 ? strerror(errno) : "done");
}

static toit_err_t on_created(void* user_data, toit_msg_context_t* context) {
  (void)user_data; (void)context;
  struct sockaddr_in peer = { .sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = { htonl(INADDR_LOOPBACK) } };
  int stream = socket(AF_INET, SOCK_STREAM, 0);
  report("connect", connect(stream, (struct sockaddr*)&peer, sizeof peer));
  int datagrams = socket(AF_INET, SOCK_DGRAM, 0);
  report("send", sendto(datagrams, "x", 1, 0, (struct sockaddr*)&peer, sizeof peer));
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", (int)getppid());
  int network = open(path, O_RDONLY);
  report("return", network < 0 ? network : setns(network, CLONE_NEWNET));
  fflush(stdout);
  return TOIT_OK;
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_created = on_created;
  toit_msg_add_handler("test/dials", NULL, cbs);
}
