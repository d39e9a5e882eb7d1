// Provokes every error, and answers with the results.
#include <toit/toit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static toit_msg_context_t* own;
static toit_msg_request_handle_t kept;

static toit_err_t on_created(void* user_data, toit_msg_context_t* context) {
  (void)user_data;
  own = context;
  return TOIT_OK;
}

static uint8_t* data_of(int length) {
  uint8_t* data = toit_malloc(length);
  memset(data, 7, length);
  return data;
}

static rlim_t bytes_in_use(void) {
  unsigned long pages = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu", &pages) != 1) abort();
  fclose(file);
  return (rlim_t)pages * sysconf(_SC_PAGESIZE);
}

// Data that cannot be copied, since there is not enough memory.
static toit_err_t notify_without_memory(int sender) {
  int length = 1 << 30;
  uint8_t* data = malloc(length);
  // Enough for all other allocations.
  struct rlimit old, tight;
  getrlimit(RLIMIT_AS, &old);
  tight.rlim_cur = bytes_in_use() + (512 << 20);
  tight.rlim_max = old.rlim_max;
  setrlimit(RLIMIT_AS, &tight);
  // The data must not be freed, so that it has to be copied.
  toit_err_t result = toit_msg_notify(own, sender, data, length, false);
  void* impossible = toit_malloc(1 << 30);
  setrlimit(RLIMIT_AS, &old);
  if (impossible) result = TOIT_OK;
  free(data);
  return result;
}

static toit_err_t on_rpc_request(void* user_data, int sender, int function,
                                 toit_msg_request_handle_t handle,
                                 uint8_t* data, int length) {
  (void)user_data; (void)length;
  free(data);
  uint8_t codes[16];
  int count = 0;
  if (function == 1) {
    codes[count++] = toit_msg_notify(NULL, sender, data_of(5), 5, true);
    codes[count++] = toit_msg_notify((toit_msg_context_t*)(uintptr_t)0x12345678, sender, data_of(5), 5, true);
    codes[count++] = toit_msg_notify(own, 1 << 30, data_of(5), 5, true);
    codes[count++] = toit_msg_notify(own, -7, data_of(100000), 100000, true);
    codes[count++] = toit_msg_notify(own, sender, data_of(5), -5, true);
    codes[count++] = toit_msg_notify(own, sender, NULL, 5, true);
    codes[count++] = toit_msg_notify(own, sender, NULL, 0, true);
    // Data that must not be freed still exists.
    uint8_t* still = data_of(100000);
    codes[count++] = toit_msg_notify(own, 1 << 30, still, 100000, false);
    codes[count++] = still[99999];
    free(still);
    codes[count++] = toit_msg_notify(own, sender, data_of(100000), 100000, false);
  } else if (function == 2) {
    toit_msg_request_handle_t other = handle;
    other.request_handle += 1000;
    codes[count++] = toit_msg_request_reply(other, data_of(5), 5, true);
    other = handle;
    other.sender += 1000;
    codes[count++] = toit_msg_request_reply(other, data_of(5), 5, true);
    other = handle;
    other.context = NULL;
    codes[count++] = toit_msg_request_reply(other, data_of(5), 5, true);
    codes[count++] = toit_msg_request_reply(handle, data_of(5), -1, true);
    codes[count++] = toit_msg_request_reply(handle, NULL, 1, true);
    codes[count++] = toit_msg_request_fail(handle, NULL);
    codes[count++] = toit_msg_request_fail(other, "stale");
    codes[count++] = toit_msg_remove_handler(NULL);
    codes[count++] = toit_msg_add_handler(NULL, NULL, (toit_msg_cbs_t)TOIT_MSG_EMPTY_CBS());
    // After the answer to this request there is a second answer.
    toit_msg_request_reply(handle, data_of(1), 1, true);
    codes[count++] = toit_msg_request_reply(handle, data_of(1), 1, true);
    codes[count++] = toit_msg_request_fail(handle, "again");
    uint8_t* list = toit_malloc(count);
    memcpy(list, codes, count);
    return toit_msg_notify(own, sender, list, count, true);
  } else if (function == 3) {
    // The caller gives up.
    kept = handle;
    return TOIT_OK;
  } else if (function == 4) {
    codes[count++] = toit_msg_request_reply(kept, data_of(5), 5, true);
    codes[count++] = toit_msg_request_reply(kept, data_of(5), 5, true);
  } else if (function == 5) {
    codes[count++] = notify_without_memory(sender);
  } else if (function == 6) {
    uint8_t* zeros = toit_calloc(10, 10);
    codes[count++] = zeros[99];
    zeros = toit_realloc(zeros, 1000);
    codes[count++] = zeros[50];
    codes[count++] = toit_realloc(zeros, SIZE_MAX / 2) == NULL;
    free(zeros);
    codes[count++] = toit_calloc(SIZE_MAX, 2) == NULL;
    codes[count++] = toit_gc();
  } else {
    // An error of the callback is the answer to a request that has none.
    return function == 7 ? TOIT_ERR_OOM : TOIT_ERR_ERROR;
  }
  uint8_t* answer = toit_malloc(count);
  memcpy(answer, codes, count);
  return toit_msg_request_reply(handle, answer, count, true);
}

static void __attribute__((constructor)) init(void) {
  toit_msg_cbs_t cbs = TOIT_MSG_EMPTY_CBS();
  cbs.on_created = on_created;
  cbs.on_rpc_request = on_rpc_request;
  toit_msg_add_handler("test/codes", NULL, cbs);
  // Without callbacks: notifications are dropped, and requests fail.
  toit_msg_add_handler("test/deaf", NULL, (toit_msg_cbs_t)TOIT_MSG_EMPTY_CBS());
}
