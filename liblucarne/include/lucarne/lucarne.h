/*
 * Lucarne as a part of a program in C or C++, the host: it starts a system, runs Toit programs in it, and
 * offers them handlers of its own (see toit/toit.h).
 *
 *   int code;
 *   char* message;
 *   if (lucarne_run("hello.toit", NULL, &code, &message) != LUCARNE_OK) {
 *     fprintf(stderr, "%s\n", message);
 *     free(message);
 *   }
 *
 * Handlers that were added before a system starts (usually in constructors) belong to the first system that
 * starts, and are created then. Handlers that a component adds while it is loaded belong to the system that
 * loads it.
 *
 * Threads: all functions may be called on any thread, and in callbacks of handlers. The exceptions are the
 * constructors of a component that is being loaded, and lucarne_on_output_cb_t: there all functions return
 * LUCARNE_ERR_NOT_HERE.
 *
 * Texts are UTF-8 and end with a zero. Functions copy their arguments. The parameter `message` may be NULL.
 * If it is not, and the function fails, it is set to an error message, which must be freed with free(). It is
 * set to NULL if there is no memory for it, and if the function succeeds.
 *
 * The library does not change signal handling. A host that writes to pipes, or whose programs do, should
 * ignore SIGPIPE.
 */
#ifndef LUCARNE_LUCARNE_H
#define LUCARNE_LUCARNE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of this header. */
#define LUCARNE_VERSION_MAJOR 0
#define LUCARNE_VERSION_MINOR 1
#define LUCARNE_VERSION_PATCH 0
#define LUCARNE_VERSION "0.1.0"

/* Returns the version of the library, such as "0.1.0". It must not be freed. */
const char* lucarne_version(void);

/* The result of a function. Later versions may add values. */
typedef enum {
  LUCARNE_OK = 0,        /* Success. */
  LUCARNE_ERR_ARGUMENT,  /* An argument is NULL or invalid. */
  LUCARNE_ERR_NOT_FOUND, /* The system or the program does not exist, or no longer exists. */
  LUCARNE_ERR_FILE,      /* A file cannot be read. */
  LUCARNE_ERR_PROGRAM,   /* The Toit program has errors: the message shows them as the compiler prints them. */
  LUCARNE_ERR_COMPONENT, /* A component cannot be loaded, or a handler cannot be created. */
  LUCARNE_ERR_TIMEOUT,   /* The time limit has passed. */
  LUCARNE_ERR_NOT_HERE,  /* On this thread the function would wait for itself. */
  LUCARNE_ERR_FAULT      /* A bug in Lucarne. */
} lucarne_err_t;

/* Identifies a system from its start to its end. The type is opaque, and so is the next. */
typedef struct lucarne_system_t lucarne_system_t;

/* Identifies a program from its start until it is released, or its system ends. */
typedef struct lucarne_program_t lucarne_program_t;

/* The streams of a program. */
typedef enum {
  LUCARNE_STREAM_OUT = 1,  /* The program's output. */
  LUCARNE_STREAM_ERROR = 2 /* Error messages. */
} lucarne_stream_t;

/*
 * Gets the output of programs: any number of bytes, which are valid only during the call. It is called on any
 * thread, but never twice at once, and should be brief.
 */
typedef void (*lucarne_on_output_cb_t)(void* user_data, lucarne_stream_t stream, const char* data, size_t length);

/*
 * Options for starting a system. Fields that are 0 mean the default. `size` is
 * sizeof(lucarne_system_options_t); it tells the library which fields the host has, since later versions may
 * add fields at the end.
 */
typedef struct {
  size_t size;
  uint64_t workers;                 /* The number of threads that run programs, at most 1,024. 0: one for each processor. */
  lucarne_on_output_cb_t on_output; /* NULL: standard output and standard error. */
  void* user_data;                  /* Passed to on_output. */
} lucarne_system_options_t;

/* The default options: lucarne_system_options_t options = LUCARNE_SYSTEM_OPTIONS(); */
#define LUCARNE_SYSTEM_OPTIONS() { sizeof(lucarne_system_options_t), 0, NULL, NULL }

/* The program may access everything that the host may: files, environment, other programs. */
#define LUCARNE_PROGRAM_OUTSIDE 1u

/* Options for running a program, in the same way. */
typedef struct {
  size_t size;
  const char* const* arguments; /* The arguments of main. */
  size_t argument_count;        /* The number of arguments. */
  uint64_t memory_limit;        /* The memory limit of each of its processes, in bytes. 0: 512 MiB. */
  uint64_t flags;               /* LUCARNE_PROGRAM_OUTSIDE, or 0. */
} lucarne_program_options_t;

/* The default options. */
#define LUCARNE_PROGRAM_OPTIONS() { sizeof(lucarne_program_options_t), NULL, 0, 0, 0 }

/*
 * Runs a program in a system of its own, from the start of the system to its end. `options` may be NULL, and
 * so may `code`. `code` is set to the program's exit code: 0, the argument of its call of `exit`, or 1 after
 * an exception.
 *
 *   LUCARNE_OK             It has run. This includes programs that fail, which `code` shows.
 *   LUCARNE_ERR_ARGUMENT   The file is NULL or not UTF-8, or an option is invalid.
 *   LUCARNE_ERR_FILE       The file cannot be read.
 *   LUCARNE_ERR_PROGRAM    The program has errors.
 *   LUCARNE_ERR_COMPONENT  A handler cannot be created.
 */
lucarne_err_t lucarne_run(const char* file, const lucarne_program_options_t* options, int* code, char** message);

/*
 * Starts a system. `options` may be NULL. The handlers that were added so far can be opened when it returns.
 *
 *   LUCARNE_OK             It has started, and must be ended.
 *   LUCARNE_ERR_ARGUMENT   `system` is NULL, or an option is invalid.
 *   LUCARNE_ERR_COMPONENT  A handler cannot be created.
 */
lucarne_err_t lucarne_system_start(const lucarne_system_options_t* options, lucarne_system_t** system, char** message);

/*
 * Loads a component, a shared library, into the system. Its handlers can be opened when it returns. It is
 * never unloaded.
 *
 *   LUCARNE_OK             It was loaded.
 *   LUCARNE_ERR_ARGUMENT   The library is NULL.
 *   LUCARNE_ERR_NOT_FOUND  There is no such system.
 *   LUCARNE_ERR_COMPONENT  It cannot be loaded, or a handler cannot be created.
 */
lucarne_err_t lucarne_system_load(lucarne_system_t* system, const char* library, char** message);

/*
 * Ends a system: stops its programs (with exit code 1, unless they have one) and removes its handlers.
 * Returns when each on_removed has returned, and all output, including that of C code, has been written.
 *
 *   LUCARNE_OK             It has ended.
 *   LUCARNE_ERR_NOT_FOUND  It has ended before, or another thread is ending it, or it never existed.
 *   LUCARNE_ERR_NOT_HERE   This is a callback of one of its handlers.
 */
lucarne_err_t lucarne_system_end(lucarne_system_t* system);

/*
 * Starts a container of the host in the system, which can use and provide services: see toit/service.h, whose
 * functions take it. It must be closed with toit_container_close; the end of the system ends it, too. For a system in
 * another OS process, use toit_container_connect.
 *
 *   LUCARNE_OK             It has started.
 *   LUCARNE_ERR_ARGUMENT   The name or `container` is NULL, or the name is not UTF-8.
 *   LUCARNE_ERR_NOT_FOUND  There is no such system.
 */
struct toit_container_t;
lucarne_err_t lucarne_container_start(lucarne_system_t* system, const char* name,
                                      struct toit_container_t** container, char** message);

/*
 * Compiles a program and starts it in the system. `options` may be NULL.
 *
 *   LUCARNE_OK             It has started, and may be released.
 *   LUCARNE_ERR_ARGUMENT   The file or `program` is NULL, the file is not UTF-8, or an option is invalid.
 *   LUCARNE_ERR_NOT_FOUND  There is no such system.
 *   LUCARNE_ERR_FILE       The file cannot be read.
 *   LUCARNE_ERR_PROGRAM    The program has errors.
 */
lucarne_err_t lucarne_program_start(lucarne_system_t* system, const char* file,
                                    const lucarne_program_options_t* options,
                                    lucarne_program_t** program, char** message);

/*
 * Waits for the end of a program, for at most timeout_ms milliseconds; forever if it is negative, not at all
 * if it is 0. `code` may be NULL. Several threads may wait for one program, and a thread may wait again.
 *
 *   LUCARNE_OK             It has ended, with that code.
 *   LUCARNE_ERR_NOT_FOUND  There is no such program.
 *   LUCARNE_ERR_TIMEOUT    It is still running.
 */
lucarne_err_t lucarne_program_wait(lucarne_program_t* program, int64_t timeout_ms, int* code);

/*
 * Stops a program. It ends with this code, unless it is ending already.
 *
 *   LUCARNE_OK             It is ending, or has ended.
 *   LUCARNE_ERR_NOT_FOUND  There is no such program.
 */
lucarne_err_t lucarne_program_stop(lucarne_program_t* program, int code);

/*
 * Releases the handle of a program. A running program keeps running, and threads that wait for it continue to
 * wait.
 *
 *   LUCARNE_OK             The handle is invalid from now on.
 *   LUCARNE_ERR_NOT_FOUND  There is no such program.
 */
lucarne_err_t lucarne_program_release(lucarne_program_t* program);

#ifdef __cplusplus
}
#endif

#endif
