/** The destinations of log messages. */

import system.api.log show LogServiceClient
import system.services show ServiceClient
import system.stand-in_ show StandIn_

import .level

/** A destination of log messages. */
interface Target:
  /** Handles a message. $names are those of the logger, $keys and $values the tags. */
  log level/int message/string names/List? keys/List? values/List? -> none

/**
Sends messages to the log service, if a container offers one. Otherwise prints them if a container offers a print
  service, and else gives them to the system.
*/
class DefaultTarget implements Target:
  /** See $Target.log. */
  log level/int message/string names/List? keys/List? values/List? -> none:
    record := [level, message, texts_ names, texts_ keys, texts_ values]
    is-logged := log-stand-in_.ask: | client/LogServiceClient |
      client.log record[0] record[1] record[2] record[3] record[4]
    if is-logged: return
    if print-stand-in_.is-there:
      print (line_ record)
    else:
      write_ record

/** The strings of $objects, which may be null. */
texts_ objects/List? -> List?:
  return objects and objects.map: it.stringify

log-stand-in_/StandIn_ ::= LogStandIn_

class LogStandIn_ extends StandIn_:
  constructor:
    super StandIn_.LOG

  new-client_ -> ServiceClient:
    return LogServiceClient

/** Gives $record to the system. */
write_ record/List -> none:
  #primitive.log.write

/** A line like `[main.net] WARN: lost connection {peer: 10.0.0.1}`. */
line_ record/List -> string:
  #primitive.log.line
