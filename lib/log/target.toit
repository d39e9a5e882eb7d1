import system.api.log show LogService LogServiceClient

import .level

/** Where log messages go. */
interface Target:
  /** Takes a message. $names are those of the logger, $keys and $values the tags. */
  log level/int message/string names/List? keys/List? values/List? -> none

/** Sends messages to the log service, if a container offers one, and prints them otherwise. */
class DefaultTarget implements Target:
  /** See $Target.log. */
  log level/int message/string names/List? keys/List? values/List? -> none:
    service := log-service_
    if not service:
      print (format-message_ level message names keys values)
      return
    is-logged := false
    try:
      texts := values and values.map: it.stringify
      service.log level message names keys texts
      is-logged = true
    finally:
      // The next message looks for another service.
      if not is-logged: log-client_ = null

/** The log service of another container, once there is one. */
log-client_/LogService? := null

log-service_ -> LogService?:
  if not log-client_ and has-log-service_:
    log-client_ = (LogServiceClient).open --if-absent=: null
  return log-client_

has-log-service_ -> bool:
  #primitive.core.has-log-service

/** A line like `[main.net] WARN: lost connection {peer: 10.0.0.1}`. */
format-message_ level/int message/string names/List? keys/List? values/List? -> string:
  prefix := names and not names.is-empty ? "[$(names.join ".")] " : ""
  if not keys or keys.is-empty: return "$prefix$(level-name level): $message"
  tags := List keys.size: "$keys[it]: $values[it]"
  return "$prefix$(level-name level): $message {$(tags.join ", ")}"
