// helper
// Processes of a test report results and their end to its main process.
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="51f2d6b0-93a7-4f6e-9d6c-2b1c5b0e7a11" --major=1 --minor=0

class Reports extends ServiceProvider implements ServiceHandler:
  reports_/monitor.Channel ::= monitor.Channel 100
  ended_/monitor.Semaphore ::= monitor.Semaphore

  constructor:
    super "test/reports" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    reports_.send arguments
    return null

  on-closed client/int -> none:
    ended_.up

  /** The next report. */
  next -> any:
    return with-timeout --ms=60_000: reports_.receive

  /** Waits until one more of the processes that have called $enroll or $report has ended. */
  wait-for-end -> none:
    with-timeout --ms=60_000: ended_.down

class Reporter extends ServiceClient:
  constructor: super SELECTOR
  send value: invoke_ 0 value

reporter_/Reporter ::= connect_
connect_ -> Reporter:
  reporter := Reporter
  reporter.open --timeout=(Duration --s=60)
  return reporter

/** Makes the main process notice the end of this process. */
enroll -> none:
  reporter_

/** Sends a value to the main process, as soon as it has installed its $Reports. */
report value -> none:
  reporter_.send value
