// Made from store.toit by `lucarne interface generate --toit`. Do not edit: change
// store.toit instead, and make this file again.

import system.services show NotificationQueue ServiceClient ServiceResourceProxy ServiceSelector

import .store as definition_
import .store-service show Store decode-change_

/** Stores values by name. */
class StoreClient extends ServiceClient implements definition_.Store:
  static SELECTOR ::= Store.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** Returns the value of a name, or null if it has none. */
  get name/string -> any:
    return invoke_ Store.GET-INDEX name

  /** Sets the value of a name. Null is not allowed. */
  put name/string value/any -> none:
    invoke_ Store.PUT-INDEX [name, value]

  /** Removes a name, and returns whether it existed. */
  remove name/string -> bool:
    return invoke_ Store.REMOVE-INDEX name

  /** Watches all names with a prefix. The current values are sent first. */
  watch prefix/string -> Watch:
    return Watch this (invoke_ Store.WATCH-INDEX prefix)

/** A watch on names. */
class Watch extends ServiceResourceProxy implements definition_.Watch:
  notifications_/NotificationQueue ::= NotificationQueue 10

  constructor client/ServiceClient handle/int:
    super client handle

  /** Waits for the next change, and returns it. */
  next -> definition_.Change:
    return decode-change_ (notifications_.next)

  on-notified_ notification/any -> none:
    notifications_.add notification

  on-ended_ reason/string -> none:
    notifications_.end reason
