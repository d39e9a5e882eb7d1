/** The use of containers that print, log or take traces in the place of the system. */

import system.services show ServiceClient

/**
The access to a service by which a container can stand in for a native step.

Where the system sets a time limit, as devices do, a container that fails, refuses or does not answer in time is passed
  over until it registers again. Elsewhere it is asked again each time.
*/
abstract class StandIn_:
  static PRINT ::= 0
  static LOG ::= 1
  static TRACE ::= 2

  service_/int
  client_/ServiceClient? := null
  passed-over_/int := 0
  problem_/string := ""

  constructor .service_:

  abstract new-client_ -> ServiceClient

  /** Whether the service has a provider that $ask would call. */
  is-there -> bool:
    registration := stand-in-registration_ service_
    return registration != 0 and registration != passed-over_ or is-own_

  /**
  Calls the $block with a client of the service.

  Returns whether the block has succeeded. If not, or if there is no such container, the caller must take the native
    step.
  */
  ask [block] -> bool:
    registration := stand-in-registration_ service_
    if registration == 0 and not is-own_:
      client_ = null
      return false
    if registration != 0 and registration == passed-over_: return false
    limit := stand-in-limit_
    if not limit: return ask-twice_ block
    return ask-within_ limit registration block

  ask-within_ limit/int registration/int [block] -> bool:
    is-done := false
    outer := Task.current.deadline
    deadline := Time.monotonic-us + limit
    catch: with-timeout --us=limit: is-done = ask-twice_ block
    if is-done: return true
    client_ = null
    // A deadline of the caller says nothing about the container.
    if outer and outer < deadline and Time.monotonic-us >= outer: return false
    passed-over_ = registration
    is-late := Time.monotonic-us >= deadline
    stand-in-failed_ service_ registration (is-late ? "no answer within $(limit / 1000) ms" : problem_)
    return false

  ask-twice_ [block] -> bool:
    // The provider may have been replaced since the last time.
    2.repeat: if ask-once_ block: return true
    return false

  ask-once_ [block] -> bool:
    exception := null
    if not client_: exception = catch: client_ = new-client_.open --if-absent=: null
    client := client_
    if client: exception = catch: block.call client
    if client and not exception: return true
    problem_ = exception ? exception.stringify : "no provider may be opened"
    if not client: return false
    is-own := is-own_
    client_ = null
    if is-own and throws-own_: throw exception
    return false

  /** Whether $ask throws the exceptions of a service that this process provides, or has provided, itself. */
  throws-own_ -> bool:
    return true

  /** Whether this process uses a service that it provides, or has provided. */
  is-own_ -> bool:
    client := client_
    return client != null and client.pid_ == Process.current.id

stand-in-registration_ service/int -> int:
  #primitive.core.stand-in-registration

stand-in-limit_ -> int?:
  #primitive.core.stand-in-limit

stand-in-failed_ service/int registration/int reason/string -> none:
  #primitive.core.stand-in-failed
