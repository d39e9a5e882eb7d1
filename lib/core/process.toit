/** Processes: isolated, with a heap of their own. */

/**
Starts a process that runs $lambda.

The variables that $lambda captured are copied, as if they were sent in a message.
  Processes of higher $priority get a larger share of the processor.
*/
spawn --priority/int?=null lambda/Lambda -> Process:
  return Process_ (process-spawn_ priority lambda)

/** A running process, or one that has ended. */
interface Process:
  /** For work that can wait longest: it gets a quarter of the share of normal work. */
  static PRIORITY-IDLE     /int ::= 0
  /** For work that can be delayed. */
  static PRIORITY-LOW      /int ::= 43
  /** The default priority. */
  static PRIORITY-NORMAL   /int ::= 128
  /** For work that other processes wait for. */
  static PRIORITY-HIGH     /int ::= 213
  /** For the most urgent work: it gets four times the share of normal work. */
  static PRIORITY-CRITICAL /int ::= 255

  /** The current process. */
  static current -> Process:
    return current-process_

  /** The number of this process. */
  id -> int

  /** The priority, from 0 to 255. */
  priority -> int

  /** Changes the priority. */
  priority= priority/int -> none

current-process_/Process ::= Process_ process-current-id_

class Process_ implements Process:
  /** See $Process.id. */
  id/int

  constructor .id:

  /** See $Process.priority. */
  priority -> int:
    return process-priority_ id

  /** See $Process.priority=. */
  priority= priority/int -> none:
    process-set-priority_ id priority

process-spawn_ priority/int? lambda/Lambda -> int:
  #primitive.core.spawn

process-current-id_ -> int:
  #primitive.core.process-id

process-priority_ pid/int -> int:
  #primitive.core.process-priority

process-set-priority_ pid/int priority/int -> none:
  #primitive.core.process-set-priority

/**
Ends the program with the status 1, and reports this on standard error.

A microcontroller would sleep for $ms milliseconds and start again. A host does not sleep.
*/
__deep-sleep__ ms/int -> none:
  write-stderr_ "A host has no deep sleep: the program ends instead of sleeping for $ms ms" true
  exit 1
