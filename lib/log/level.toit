/** The levels of log messages. */

/** For following a program step by step. */
TRACE-LEVEL ::= 0
/** For finding faults. */
DEBUG-LEVEL ::= 1
/** For useful information. */
INFO-LEVEL  ::= 2
/** For possible problems. */
WARN-LEVEL  ::= 3
/** For errors. */
ERROR-LEVEL ::= 4
/** For errors after which the program cannot continue. */
FATAL-LEVEL ::= 5

LEVEL-NAMES_ ::= ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]

/** The name of $level. */
level-name level/int -> string:
  return LEVEL-NAMES_[level]
