/** Breaking text into lines. */

/** Variant of $(line-wrap text max-width [--compute-width] [--can-split] [--is-space]) where only ' ' is a space. */
line-wrap text/string max-width/num [--compute-width] [--can-split] -> List:
  return line-wrap text max-width
      --compute-width=compute-width
      --can-split=can-split
      --is-space=: it == ' '

/**
Breaks $text into lines that are at most $max-width wide. Each line has at least one rune, even if
  that rune is wider.

$compute-width gets the text, the start of a part and its end, and returns the width of the part.
  $can-split gets the text and a position, and returns whether a line may end before this
  position. It should return true for the end of the text, or the last line may be broken although
  it fits. A line without a position to split at is cut where it is full. The runes for which
  $is-space returns true are left out at the end of each line, and after each break.
*/
line-wrap text/string max-width/num [--compute-width] [--can-split] [--is-space] -> List:
  if text == "": return [""]
  lines := []
  start := 0
  while start < text.size:
    end := line-end_ text start max-width compute-width can-split
    lines.add (trim-end_ text[start..end] is-space)
    while end < text.size and is-space.call text[end]: end += utf-8-bytes text[end]
    start = end
  return lines

/** Returns the end of the line that starts at $start. The line has at least one rune. */
line-end_ text/string start/int max-width/num [compute-width] [can-split] -> int:
  full := start
  split := null
  while full < text.size:
    next := full + (utf-8-bytes text[full])
    if (compute-width.call text start next) > max-width: break
    full = next
    if can-split.call text full: split = full
  if full == start: return start + (utf-8-bytes text[start])
  return split or full

trim-end_ line/string [is-space] -> string:
  end := line.size
  while end > 0:
    last := line.rune-index end - 1
    if not is-space.call line[last]: break
    end = last
  return line[..end]
