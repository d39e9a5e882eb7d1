/** The destination of exception traces. */

import system.api.trace show TraceServiceClient

/** The trace service of a container, if there is one. */
trace-client_/TraceServiceClient? := null

/**
Passes $message, text in UTF-8, to the trace service. Prints it on standard error if there is none.
*/
send-trace-message message/ByteArray -> none:
  rest := has-trace-service_ ? (give-to-trace-service_ message) : message
  if rest: print-on-stderr_ rest.to-string-non-throwing

/** The part of $message that the trace service has not handled. */
give-to-trace-service_ message/ByteArray -> ByteArray?:
  // The provider may have been replaced since the last time.
  2.repeat:
    if not trace-client_: trace-client_ = (TraceServiceClient).open --if-absent=: return message
    catch: return trace-client_.handle-trace message
    trace-client_ = null
  return message

has-trace-service_ -> bool:
  #primitive.core.has-trace-service
