import system.api.log show LogServiceClient

import .level

/** Where log messages go. */
interface Target:
  /** Takes a message. $names are those of the logger, $keys and $values the tags. */
  log level/int message/string names/List? keys/List? values/List? -> none

/** Sends messages to the log service, if a container offers one, and prints them otherwise. */
class DefaultTarget implements Target:
  /** See $Target.log. */
  log level/int message/string names/List? keys/List? values/List? -> none:
    if has-log-service_ or logs-to-itself_:
      texts := values and values.map: it.stringify
      // The provider can have been replaced by another one since the last time.
      2.repeat: if log-by-service_ level message names keys texts: return
    log-client_ = null
    print (format-message_ level message names keys values)

/** The log service of a container, while there is one. */
log-client_/LogServiceClient? := null

/** Whether a log service has taken the message. If not, the next attempt looks for another one. */
log-by-service_ level/int message/string names/List? keys/List? values/List? -> bool:
  if not log-client_: log-client_ = (LogServiceClient).open --if-absent=: return false
  exception := catch: log-client_.log level message names keys values
  if not exception: return true
  is-own := logs-to-itself_
  log-client_ = null
  // Whoever logs to a service of its own, and has uninstalled that, is told so.
  if is-own: throw exception
  return false

/** Whether this process logs to a service that it provides, or has provided. */
logs-to-itself_ -> bool:
  return log-client_ != null and log-client_.pid_ == Process.current.id

has-log-service_ -> bool:
  #primitive.core.has-log-service

/** A line like `[main.net] WARN: lost connection {peer: 10.0.0.1}`. */
format-message_ level/int message/string names/List? keys/List? values/List? -> string:
  prefix := names and not names.is-empty ? "[$(names.join ".")] " : ""
  if not keys or keys.is-empty: return "$prefix$(level-name level): $message"
  tags := List keys.size: "$keys[it]: $values[it]"
  return "$prefix$(level-name level): $message {$(tags.join ", ")}"
