// Made from climate.toit by `lucarne interface generate --toit`. Do not edit: change
// climate.toit instead, and make this file again.

import system.services show NotificationQueue ServiceClient ServiceResourceProxy ServiceSelector

import .climate as definition_
import .climate-service show Climate

/** The climate in a room. */
class ClimateClient extends ServiceClient implements definition_.Climate:
  static SELECTOR ::= Climate.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** Returns the temperature now, in tenths of a degree Celsius. */
  temperature -> int:
    return invoke_ Climate.TEMPERATURE-INDEX null

  /** Watches the temperature. From now on, each change of it is sent. */
  watch -> Watch:
    return Watch this (invoke_ Climate.WATCH-INDEX null)

/** A watch, until it is closed. */
class Watch extends ServiceResourceProxy implements definition_.Watch:
  notifications_/NotificationQueue ::= NotificationQueue 10

  constructor client/ServiceClient handle/int:
    super client handle

  /** Waits for the next temperature, and returns it. */
  next -> int:
    return notifications_.next

  on-notified_ notification/any -> none:
    notifications_.add notification

  on-ended_ reason/string -> none:
    notifications_.end reason
