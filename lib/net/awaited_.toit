import system.base.network show NetworkServiceClientBase

/**
The client of a service whose container can start later than this one.

It waits once: if no provider came, there is none until $reset.
*/
class AwaitedClient_:
  static TIMEOUT_ ::= Duration --s=5

  client_/NetworkServiceClientBase? := null
  has-waited_/bool := false

  /** Returns the client. Waits for a provider the first time, and throws $absent if there is none. */
  get client/NetworkServiceClientBase --absent/string -> NetworkServiceClientBase:
    if not client_ and not has-waited_:
      client_ = (client.open --timeout=TIMEOUT_ --if-absent=: null) as NetworkServiceClientBase?
      // After an exception, the next call waits again.
      has-waited_ = true
    if not client_: throw absent
    return client_

  /** Closes the client. The next call looks for a provider again. */
  reset -> none:
    client := client_
    client_ = null
    has-waited_ = false
    if client: client.close
