import system.api.log show LogServiceClient

import .level

/** Where log messages go. */
interface Target:
  /** Handles a message. $names are those of the logger, $keys and $values the tags. */
  log level/int message/string names/List? keys/List? values/List? -> none

/** Sends messages to the log service, if a container offers one, and prints them otherwise. */
class DefaultTarget implements Target:
  /** See $Target.log. */
  log level/int message/string names/List? keys/List? values/List? -> none:
    record := [level, message, texts_ names, texts_ keys, texts_ values]
    if has-log-service_ or logs-to-itself_:
      // The provider may have been replaced since the last time.
      2.repeat: if log-by-service_ record: return
    log-client_ = null
    if has-print-service_ or prints-to-itself_:
      print (line_ record)
    else:
      write_ record

/** The strings of $objects, which may be null. */
texts_ objects/List? -> List?:
  return objects and objects.map: it.stringify

/** The log service of a container, if there is one. */
log-client_/LogServiceClient? := null

/**
Whether a log service has accepted the $record. If not, the next attempt looks for another one.
*/
log-by-service_ record/List -> bool:
  if not log-client_: log-client_ = (LogServiceClient).open --if-absent=: return false
  exception := catch: log-client_.log record[0] record[1] record[2] record[3] record[4]
  if not exception: return true
  is-own := logs-to-itself_
  log-client_ = null
  // A process that logs to a service of its own, and has uninstalled it, gets the exception.
  if is-own: throw exception
  return false

/** Whether this process logs to a service that it provides, or has provided. */
logs-to-itself_ -> bool:
  return log-client_ != null and log-client_.pid_ == Process.current.id

has-log-service_ -> bool:
  #primitive.core.has-log-service

/** Gives $record to the system. */
write_ record/List -> none:
  #primitive.log.write

/** A line like `[main.net] WARN: lost connection {peer: 10.0.0.1}`. */
line_ record/List -> string:
  #primitive.log.line
