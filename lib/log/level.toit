/** For following a program step by step. */
TRACE-LEVEL ::= 0
/** For finding faults. */
DEBUG-LEVEL ::= 1
/** For what is worth knowing. */
INFO-LEVEL  ::= 2
/** For what may become a problem. */
WARN-LEVEL  ::= 3
/** For what has gone wrong. */
ERROR-LEVEL ::= 4
/** For what the program cannot go on after. */
FATAL-LEVEL ::= 5

LEVEL-NAMES_ ::= ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]

/** The name of $level. */
level-name level/int -> string:
  return LEVEL-NAMES_[level]
