/** The destination of exception traces. */

import system.api.trace show TraceServiceClient
import system.services show ServiceClient
import system.stand-in_ show StandIn_

trace-stand-in_/StandIn_ ::= TraceStandIn_

class TraceStandIn_ extends StandIn_:
  constructor:
    super StandIn_.TRACE

  new-client_ -> ServiceClient:
    return TraceServiceClient

  throws-own_ -> bool:
    // Passing a trace on never fails.
    return false

/**
Passes $message, text in UTF-8, to the trace service. Prints it on standard error if there is none.
*/
send-trace-message message/ByteArray -> none:
  rest/ByteArray? := message
  is-passed := trace-stand-in_.ask: | client/TraceServiceClient | rest = client.handle-trace message
  if not is-passed: rest = message
  if rest: print-on-stderr_ rest.to-string-non-throwing
