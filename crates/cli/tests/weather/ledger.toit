// The service of the test `weather`: a ledger into which each entry is written once, numbers that are counted, and bytes.
import system.services show *

SELECTOR ::= ServiceSelector --uuid="9e0c55a6-3a2c-4b52-a0a8-7f6c0c0d9f10" --major=1 --minor=0
ENTER-INDEX ::= 0
KNOWS-INDEX ::= 1
COUNT-INDEX ::= 2
BYTES-INDEX ::= 3

class LedgerClient extends ServiceClient:
  constructor: super SELECTOR

  /** Enters $entry. */
  enter entry/string -> none: invoke_ ENTER-INDEX entry

  /** Whether $entry was entered. */
  knows entry/string -> bool: return invoke_ KNOWS-INDEX entry

  /** Counts from 0 on. */
  count -> Count: return Count this (invoke_ COUNT-INDEX null)

  /** Many bytes. */
  bytes -> ByteArray: return invoke_ BYTES-INDEX null

/** Numbers that are counted. */
class Count extends ServiceResourceProxy:
  numbers_/NotificationQueue ::= NotificationQueue 100

  constructor client/ServiceClient handle/int: super client handle

  next -> int: return numbers_.next

  on-notified_ number/any -> none: numbers_.add number

  on-ended_ reason/string -> none: numbers_.end reason
