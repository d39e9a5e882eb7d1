import system.trace show send-trace-message

/**
Finds the functions that do the most work.

It samples calls, iterations of loops, and the work of native code, and counts them by the function in which they
  happen. Short measurements are not reliable.
*/
class Profiler:
  /** Prepares to count the work of this task, or of all tasks if $profile-all-tasks. */
  static install profile-all-tasks/bool -> none:
    #primitive.profiler.install

  /** Starts counting. */
  static start -> none:
    #primitive.profiler.start

  /** Stops counting, until $start is called again. */
  static stop -> none:
    #primitive.profiler.stop

  /** Reports, as a trace under $title, the functions that did at least $cutoff per mille of the work. */
  static report title/string --cutoff/int=10 -> none:
    send-trace-message (encode title cutoff)

  /** Returns the report that $report sends, as UTF-8. */
  static encode title/string cutoff/int -> ByteArray:
    return (profiler-report_ title cutoff).to-byte-array

  /** Removes the profiler with all counts. Call $install before the next $start. */
  static uninstall -> none:
    #primitive.profiler.uninstall

  /** Counts the work of $block. Returns its result. */
  static do [block] -> any:
    try:
      start
      return block.call
    finally:
      stop

profiler-report_ title/string cutoff/int -> string:
  #primitive.profiler.report
