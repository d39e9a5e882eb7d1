import system.services show ServiceClient ServiceSelector

/** A container that provides this gets the traces of exceptions that others catch and report. */
interface TraceService:
  static SELECTOR ::= ServiceSelector
      --uuid="41c6019e-ca48-4847-9673-0869355da76a"
      --major=0
      --minor=2

  /**
  Handles a trace, which is text in UTF-8.

  Returns null if the trace has been handled. Otherwise the system prints the result.
  */
  handle-trace message/ByteArray -> ByteArray?
  static HANDLE-TRACE-INDEX /int ::= 0

class TraceServiceClient extends ServiceClient implements TraceService:
  static SELECTOR ::= TraceService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** See $TraceService.handle-trace. */
  handle-trace message/ByteArray -> ByteArray?:
    return invoke_ TraceService.HANDLE-TRACE-INDEX message
