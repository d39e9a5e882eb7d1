/*
 * Lucarne as a part of a program in C or C++, the host: it starts a system, runs Toit programs in it, and offers them
 * handlers of its own (see toit/toit.h).
 *
 *   int code;
 *   char* message;
 *   if (lucarne_run("hello.toit", NULL, &code, &message) != LUCARNE_OK) {
 *     fprintf(stderr, "%s\n", message);
 *     free(message);
 *   }
 *
 * Handlers that were added before a system starts (in constructors, most often) belong to the first one that does, and
 * are created then; those that a component adds while it is loaded belong to the system that loads it.
 *
 * Threads: all functions may be called on any thread, in callbacks of handlers too. Only while a component is being loaded
 * (in its constructors), and in lucarne_on_output_cb_t, none of them may be: they return LUCARNE_ERR_NOT_HERE.
 *
 * Texts end with a zero, and are UTF-8. What is given to a function is copied. Where a function has the parameter
 * `message`, it may be NULL. If it is not, and the function fails, it is set to a text for people, which is freed with
 * free(); it is NULL if there is no memory for it, and if the function succeeds.
 *
 * Signals are left as the host has them. One that writes to pipes, or whose programs do, ignores SIGPIPE.
 */
#ifndef LUCARNE_LUCARNE_H
#define LUCARNE_LUCARNE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version that this file belongs to. */
#define LUCARNE_VERSION_MAJOR 0
#define LUCARNE_VERSION_MINOR 1
#define LUCARNE_VERSION_PATCH 0
#define LUCARNE_VERSION "0.1.0"

/* The version of the library, such as "0.1.0". It is not to be freed. */
const char* lucarne_version(void);

/* What became of something. Later versions may have more of them. */
typedef enum {
  LUCARNE_OK = 0,        /* It was done. */
  LUCARNE_ERR_ARGUMENT,  /* An argument is NULL or makes no sense. */
  LUCARNE_ERR_NOT_FOUND, /* The system or the program is not, or no longer, there. */
  LUCARNE_ERR_FILE,      /* A file cannot be read. */
  LUCARNE_ERR_PROGRAM,   /* The Toit program is wrong: the text says where and why, as the compiler prints it. */
  LUCARNE_ERR_COMPONENT, /* A component cannot be loaded, or a handler cannot be created. */
  LUCARNE_ERR_TIMEOUT,   /* It takes longer than that. */
  LUCARNE_ERR_NOT_HERE,  /* On this thread it would wait for itself. */
  LUCARNE_ERR_FAULT      /* A fault in Lucarne. */
} lucarne_err_t;

/* Names a system from its start to its end. There is nothing to see behind it; nor behind the next. */
typedef struct lucarne_system_t lucarne_system_t;

/* Names a program from its start until it is released, or its system ends. */
typedef struct lucarne_program_t lucarne_program_t;

/* The streams of a program. */
typedef enum {
  LUCARNE_STREAM_OUT = 1,  /* What the program is for. */
  LUCARNE_STREAM_ERROR = 2 /* What went wrong. */
} lucarne_stream_t;

/*
 * Gets what programs print: any number of bytes, which are gone when it returns. It is called on any thread, but never
 * twice at once, and should be brief.
 */
typedef void (*lucarne_on_output_cb_t)(void* user_data, lucarne_stream_t stream, const char* data, size_t length);

/*
 * How a system is started. Fields that are 0 are the default, and `size` is sizeof(lucarne_system_options_t), by which
 * the library knows which fields the host knows: later versions may add some at the end.
 */
typedef struct {
  size_t size;
  uint64_t workers;                 /* How many threads run programs, at most 1,024. 0: one for each processor. */
  lucarne_on_output_cb_t on_output; /* NULL: standard output and standard error. */
  void* user_data;                  /* For on_output. */
} lucarne_system_options_t;

/* The defaults, to begin with: lucarne_system_options_t options = LUCARNE_SYSTEM_OPTIONS(); */
#define LUCARNE_SYSTEM_OPTIONS() { sizeof(lucarne_system_options_t), 0, NULL, NULL }

/* The program may reach what the host may: files, environment, other programs. */
#define LUCARNE_PROGRAM_OUTSIDE 1u

/* How a program is run, in the same way. */
typedef struct {
  size_t size;
  const char* const* arguments; /* The arguments of main. */
  size_t argument_count;        /* How many there are. */
  uint64_t memory_limit;        /* How many bytes each of its processes may use. 0: 512 MiB. */
  uint64_t flags;               /* LUCARNE_PROGRAM_OUTSIDE, or 0. */
} lucarne_program_options_t;

/* The defaults, to begin with. */
#define LUCARNE_PROGRAM_OPTIONS() { sizeof(lucarne_program_options_t), NULL, 0, 0, 0 }

/*
 * Runs a program in a system of its own, from the start of the system to its end. `options` may be NULL, and so may
 * `code`, the program's final code: 0, what it passed to `exit`, or 1 after an exception.
 *
 *   LUCARNE_OK             It has run. That includes one that failed, which the code tells.
 *   LUCARNE_ERR_ARGUMENT   The file is NULL or not UTF-8, or an option makes no sense.
 *   LUCARNE_ERR_FILE       The file cannot be read.
 *   LUCARNE_ERR_PROGRAM    The program has errors.
 *   LUCARNE_ERR_COMPONENT  A handler cannot be created.
 */
lucarne_err_t lucarne_run(const char* file, const lucarne_program_options_t* options, int* code, char** message);

/*
 * Starts a system. `options` may be NULL. The handlers that were added so far can be opened when it returns.
 *
 *   LUCARNE_OK             It has started, and is to be ended.
 *   LUCARNE_ERR_ARGUMENT   `system` is NULL, or an option makes no sense.
 *   LUCARNE_ERR_COMPONENT  A handler cannot be created.
 */
lucarne_err_t lucarne_system_start(const lucarne_system_options_t* options, lucarne_system_t** system, char** message);

/*
 * Loads a component, a shared library, into the system. Its handlers can be opened when it returns. It is never unloaded.
 *
 *   LUCARNE_OK             It was loaded.
 *   LUCARNE_ERR_ARGUMENT   The library is NULL.
 *   LUCARNE_ERR_NOT_FOUND  There is no such system.
 *   LUCARNE_ERR_COMPONENT  It cannot be loaded, or a handler cannot be created.
 */
lucarne_err_t lucarne_system_load(lucarne_system_t* system, const char* library, char** message);

/*
 * Ends a system: stops its programs (with the code 1, unless they have one), removes its handlers, and returns when each
 * on_removed has, and what was printed, also by C, has been written out.
 *
 *   LUCARNE_OK             It has ended.
 *   LUCARNE_ERR_NOT_FOUND  It has, or another thread is ending it, or there never was one.
 *   LUCARNE_ERR_NOT_HERE   This is a callback of one of its handlers.
 */
lucarne_err_t lucarne_system_end(lucarne_system_t* system);

/*
 * Compiles a program and starts it in the system. `options` may be NULL.
 *
 *   LUCARNE_OK             It has started, and may be released.
 *   LUCARNE_ERR_ARGUMENT   The file or `program` is NULL, the file is not UTF-8, or an option makes no sense.
 *   LUCARNE_ERR_NOT_FOUND  There is no such system.
 *   LUCARNE_ERR_FILE       The file cannot be read.
 *   LUCARNE_ERR_PROGRAM    The program has errors.
 */
lucarne_err_t lucarne_program_start(lucarne_system_t* system, const char* file,
                                    const lucarne_program_options_t* options,
                                    lucarne_program_t** program, char** message);

/*
 * Waits for the end of a program, for at most so many milliseconds; for ever if they are negative, not at all if they
 * are 0. `code` may be NULL. Several threads may wait for one program, and one again and again.
 *
 *   LUCARNE_OK             It has ended, with that code.
 *   LUCARNE_ERR_NOT_FOUND  There is no such program.
 *   LUCARNE_ERR_TIMEOUT    It runs.
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
 * Gives up the name of a program, which runs on if it does. Threads that wait for it go on waiting.
 *
 *   LUCARNE_OK             The name means nothing any more.
 *   LUCARNE_ERR_NOT_FOUND  There is no such program.
 */
lucarne_err_t lucarne_program_release(lucarne_program_t* program);

#ifdef __cplusplus
}
#endif

#endif
