/* The shortest host: plain PROGRAM. */
#include <lucarne/lucarne.h>

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  int code = 0;
  char* message = NULL;
  if (argc != 2) return 2;
  if (lucarne_run(argv[1], NULL, &code, &message) != LUCARNE_OK) {
    fprintf(stderr, "%s\n", message);
    free(message);
    return 1;
  }
  return code;
}
