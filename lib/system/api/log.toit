import system.services show ServiceClient ServiceSelector

/** A container that provides this gets the log records of others. */
interface LogService:
  static SELECTOR ::= ServiceSelector
      --uuid="89e6340c-67f5-4055-b1d1-b4f4c2755f67"
      --major=0
      --minor=1

  /** Handles a record. $names are those of the logger, $keys and $values the tags. */
  log level/int message/string names/List? keys/List? values/List? -> none
  static LOG-INDEX /int ::= 0

class LogServiceClient extends ServiceClient implements LogService:
  static SELECTOR ::= LogService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** See $LogService.log. */
  log level/int message/string names/List? keys/List? values/List? -> none:
    invoke_ LogService.LOG-INDEX [level, message, names, keys, values]
