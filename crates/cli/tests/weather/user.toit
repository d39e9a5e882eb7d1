// A user of the ledger, forever. It says what it gets, when it loses contact, and what must not happen.
import .ledger

/** The time in which each call must have ended, with much to spare for a busy computer. */
PATIENCE-US ::= 60_000_000

name/string := ""
next := 0
called-us/int? := null
/** Entries whose calls have ended because they could not be sent. */
unsent/Set ::= {}

main arguments:
  name = arguments[0]
  is-greedy := arguments.size > 1
  task --background:: watch-calls
  while true:
    error := catch: use --greedy=is-greedy
    print "lost: $error"
    sleep --ms=50

use --greedy/bool -> none:
  ledger := LedgerClient
  ledger.open --timeout=(Duration --m=10)
  follower/Task? := null
  eater/Task? := null
  try:
    unsent.do: if ledger.knows it: print "wrong: $it was executed, but it was said not to have been sent"
    unsent.clear
    count := ledger.count
    follower = task --background:: catch: follow count
    if greedy: eater = task --background:: catch: while true: ledger.bytes
    while true: enter ledger
  finally:
    if follower: follower.cancel
    if eater: eater.cancel
    ledger.close

enter ledger/LedgerClient -> none:
  entry := "$name $next"
  next++
  called-us = Time.monotonic-us
  try:
    error := catch: ledger.enter entry
    if error:
      if error == "NO_SUCH_PROCESS": unsent.add entry
      throw error
  finally:
    called-us = null
  print "entered"
  sleep --ms=10

follow count/Count -> none:
  expected := 0
  while true:
    number := count.next
    if number != expected: print "wrong: number $number came for $expected"
    expected++
    if expected % 10 == 0: print "counted"

watch-calls -> none:
  while true:
    sleep --ms=1_000
    since := called-us
    if since and Time.monotonic-us - since > PATIENCE-US: print "wrong: a call has no end"
