import system.services show ServiceClient ServiceSelector

/** A container that provides this gets the lines that others print. */
interface PrintService:
  static SELECTOR ::= ServiceSelector
      --uuid="0b7e3aa1-9fc9-4632-bb09-4605cd11897e"
      --major=0
      --minor=1

  /** Prints $message as a line. */
  print message/string -> none
  static PRINT-INDEX /int ::= 0

class PrintServiceClient extends ServiceClient implements PrintService:
  static SELECTOR ::= PrintService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** See $PrintService.print. */
  print message/string -> none:
    invoke_ PrintService.PRINT-INDEX message
