import system.trace show send-trace-message

/**
Finds out which functions do the work.

What is counted are calls, turns of loops, and what natives do, by the function that
  they happen in. It is a sample: short measurements say little.
*/
class Profiler:
  /** Gets ready to count the work of this task, or of all if $profile-all-tasks. */
  static install profile-all-tasks/bool -> none:
    #primitive.profiler.install

  /** Counts from now on. */
  static start -> none:
    #primitive.profiler.start

  /** Counts no more, until it is started again. */
  static stop -> none:
    #primitive.profiler.stop

  /** Reports, as a trace under $title, the functions that did at least $cutoff per mille of the work. */
  static report title/string --cutoff/int=10 -> none:
    send-trace-message (encode title cutoff)

  /** What $report reports, as text in UTF-8. */
  static encode title/string cutoff/int -> ByteArray:
    return (profiler-report_ title cutoff).to-byte-array

  /** Forgets what has been counted. */
  static uninstall -> none:
    #primitive.profiler.uninstall

  /** Counts the work of $block. */
  static do [block] -> any:
    try:
      start
      return block.call
    finally:
      stop

profiler-report_ title/string cutoff/int -> string:
  #primitive.profiler.report
