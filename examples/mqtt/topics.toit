// Topics of messages, and the filters of subscriptions.

/** Throws unless $topic can be the topic of a message. */
check-topic topic/string -> none:
  if not 1 <= topic.size <= 0xffff or topic.contains "\0": throw "INVALID_TOPIC"
  if topic.contains "+" or topic.contains "#": throw "INVALID_TOPIC"

/** Throws unless $filter is correct: `+` is a whole level, and `#` is the last one. */
check-filter filter/string -> none:
  if not 1 <= filter.size <= 0xffff or filter.contains "\0": throw "INVALID_FILTER"
  levels := filter.split "/"
  levels.size.repeat:
    level/string := levels[it]
    is-last := it == levels.size - 1
    if (level.contains "+") and level != "+": throw "INVALID_FILTER"
    if (level.contains "#") and (level != "#" or not is-last): throw "INVALID_FILTER"

/** Whether $filter matches $topic. */
matches filter/string topic/string -> bool:
  wanted := filter.split "/"
  levels := topic.split "/"
  // Topics of the broker itself match only filters that name them.
  if (topic.starts-with "\$") and (wanted[0] == "+" or wanted[0] == "#"): return false
  wanted.size.repeat:
    if wanted[it] == "#": return true
    if it >= levels.size: return false
    if wanted[it] != "+" and wanted[it] != levels[it]: return false
  return wanted.size == levels.size
