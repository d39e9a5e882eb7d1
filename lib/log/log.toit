/** Logging with levels, names and tags. */

import .level
import .target

export *

/** The logger that the functions of this library use. */
default -> Logger:
  return default_

/** Replaces the logger that the functions of this library use. */
set-default logger/Logger -> none:
  default_ = logger

default_/Logger := Logger DEBUG-LEVEL DefaultTarget

/** Logs $message at $level, with $tags. */
log level/int message/string --tags/Map?=null -> none:
  default_.log level message --tags=tags

/** Logs $message at $TRACE-LEVEL, with $tags. */
trace message/string --tags/Map?=null -> none:
  default_.trace message --tags=tags

/** Logs $message at $DEBUG-LEVEL, with $tags. */
debug message/string --tags/Map?=null -> none:
  default_.debug message --tags=tags

/** Logs $message at $INFO-LEVEL, with $tags. */
info message/string --tags/Map?=null -> none:
  default_.info message --tags=tags

/** Logs $message at $WARN-LEVEL, with $tags. */
warn message/string --tags/Map?=null -> none:
  default_.warn message --tags=tags

/** Logs $message at $ERROR-LEVEL, with $tags. */
error message/string --tags/Map?=null -> none:
  default_.error message --tags=tags

/** Logs $message at $FATAL-LEVEL, with $tags, and throws "FATAL". */
fatal message/string --tags/Map?=null -> none:
  default_.fatal message --tags=tags

/** Sends messages of at least its level to a target, with its names and tags. */
class Logger:
  level_/int
  target_/Target
  names_/List? := null
  tags_/Map? := null

  /** Creates a logger of the given level and target. */
  constructor .level_ .target_ --name/string?=null:
    if name: names_ = [name]

  constructor.derived_ parent/Logger --level/int=parent.level_ --names/List?=parent.names_ --tags/Map?=parent.tags_:
    level_ = level
    target_ = parent.target_
    names_ = names
    tags_ = tags

  /** Messages below this level are dropped. */
  level -> int:
    return level_

  /** A logger like this one, with $name appended to its names. */
  with-name name/string -> Logger:
    return Logger.derived_ this --names=(names_ ? names_ + [name] : [name])

  /** A logger like this one, with $level or the level of this logger, whichever drops more messages. */
  with-level level/int -> Logger:
    return Logger.derived_ this --level=(max level level_)

  /** A logger like this one, with another tag. */
  with-tag key/string value -> Logger:
    return Logger.derived_ this --tags=(merged-tags_ {key: value})

  /** Calls $block with this logger, if it does not drop messages of $level. */
  with-level level/int [block] -> none:
    if level >= level_: block.call this

  /** Logs $message at $level, with $tags. */
  log level/int message/string --tags/Map?=null -> none:
    if level >= level_:
      all := merged-tags_ tags
      target_.log level message names_ (all and all.keys) (all and all.values)
    if level == FATAL-LEVEL: throw "FATAL"

  /** Logs $message at $TRACE-LEVEL, with $tags. */
  trace message/string --tags/Map?=null -> none:
    log TRACE-LEVEL message --tags=tags

  /** Logs $message at $DEBUG-LEVEL, with $tags. */
  debug message/string --tags/Map?=null -> none:
    log DEBUG-LEVEL message --tags=tags

  /** Logs $message at $INFO-LEVEL, with $tags. */
  info message/string --tags/Map?=null -> none:
    log INFO-LEVEL message --tags=tags

  /** Logs $message at $WARN-LEVEL, with $tags. */
  warn message/string --tags/Map?=null -> none:
    log WARN-LEVEL message --tags=tags

  /** Logs $message at $ERROR-LEVEL, with $tags. */
  error message/string --tags/Map?=null -> none:
    log ERROR-LEVEL message --tags=tags

  /** Logs $message at $FATAL-LEVEL, with $tags, and throws "FATAL". */
  fatal message/string --tags/Map?=null -> none:
    log FATAL-LEVEL message --tags=tags

  /** The tags of this logger and $tags. If both have a key, the value in $tags is used. */
  merged-tags_ tags/Map? -> Map?:
    if not tags or tags.is-empty: return tags_
    if not tags_: return tags
    result := tags_.copy
    tags.do: | key value | result[key] = value
    return result
