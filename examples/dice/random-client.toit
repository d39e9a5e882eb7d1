// Made from random.toit by `lucarne interface generate --toit`. Do not edit: change
// random.toit instead, and make this file again.

import monitor as monitor_
import system.services show ServiceClient ServiceResourceProxy ServiceSelector

import .random as definition_
import .random-service show Random

/** A source of random numbers. */
class RandomClient extends ServiceClient implements definition_.Random:
  static SELECTOR ::= Random.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** Returns a number from 0 up to, but not including, the limit. */
  generate limit/int -> int:
    return invoke_ Random.GENERATE-INDEX limit

  /** Returns a die with this number of sides, until the player closes it. */
  create-die sides/int -> Die:
    return Die this (invoke_ Random.CREATE-DIE-INDEX sides)

/** A die. */
class Die extends ServiceResourceProxy implements definition_.Die:
  listener_/Lambda? := null
  on-end_/Lambda? := null
  end_/string? := null
  has-listener_/monitor_.Latch ::= monitor_.Latch

  constructor client/ServiceClient handle/int:
    super client handle

  /** Returns the side that comes up, from 1 on. */
  roll -> int:
    return client_.invoke_ Random.DIE-ROLL-INDEX open-handle_

  /** Calls the lambda with the number of rolls, whenever the highest side comes up. */
  on-highest lambda/Lambda --on-end/Lambda?=null -> none:
    listener_ = lambda
    on-end_ = on-end
    if not has-listener_.has-value: has-listener_.set true
    if end_ and on-end: on-end.call end_

  on-notified_ notification/any -> none:
    has-listener_.get
    if end_: return
    listener_.call notification

  on-ended_ reason/string -> none:
    end_ = reason
    if on-end_: on-end_.call reason
