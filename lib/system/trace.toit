/** Where the traces of exceptions go. */

import system.api.trace show TraceServiceClient

/** The trace service of a container, while there is one. */
trace-client_/TraceServiceClient? := null

/** Gives $message, text in UTF-8, to the trace service. Prints it on standard error if there is none. */
send-trace-message message/ByteArray -> none:
  rest := has-trace-service_ ? (give-to-trace-service_ message) : message
  if rest: print-on-stderr_ rest.to-string-non-throwing

/** What the trace service leaves of $message. */
give-to-trace-service_ message/ByteArray -> ByteArray?:
  // The provider can have been replaced by another one since the last time.
  2.repeat:
    if not trace-client_: trace-client_ = (TraceServiceClient).open --if-absent=: return message
    catch: return trace-client_.handle-trace message
    trace-client_ = null
  return message

has-trace-service_ -> bool:
  #primitive.core.has-trace-service
