/**
What `lucarne repl` calls: shows the values of expressions.
*/

/** The nesting of collections whose elements are shown. */
DEPTH-MAX_ ::= 8

/** Prints the $value of an expression, unless it is null. */
show-value_ value/any -> none:
  if not identical value null: print (text-of-value_ value DEPTH-MAX_)

/** The text that shows $value. Strings are quoted, also those in collections, up to a $depth. */
text-of-value_ value/any depth/int -> string:
  if value is string: return quoted_ value
  if depth == 0: return value is Collection or value is Map ? "..." : value.stringify
  if value is List or value is Deque:
    text := CollectionText_ "[" "]"
    value.do: if not text.add (text-of-value_ it depth - 1): return text.cut-off
    return text.complete
  if value is Set:
    text := CollectionText_ "{" "}"
    value.do: if not text.add (text-of-value_ it depth - 1): return text.cut-off
    return text.complete
  if value is Map:
    if value.is-empty: return "{:}"
    text := CollectionText_ "{" "}"
    value.do: | key element |
      shown := "$(text-of-value_ key depth - 1): $(text-of-value_ element depth - 1)"
      if not text.add shown: return text.cut-off
    return text.complete
  text := value.stringify
  // The text of objects whose class has none of its own.
  if text == "an instance with class-id $(Object.class-id value)": return "an instance of $(class-name_ value)"
  return text

/** The literal whose value is $text. A long text is cut. */
quoted_ text/string -> string:
  is-cut := text.size > MAX-PRINT-STRING_
  if is-cut:
    end := MAX-PRINT-STRING_
    while not text[end]: end--
    text = text[..end]
  escaped := text
  // The backslash comes first, since the others add some.
  [["\\", "\\\\"], ["\"", "\\\""], ["\$", "\\\$"], ["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]].do: | pair |
    escaped = escaped.replace --all pair[0] pair[1]
  // Other control characters could move the cursor of a terminal.
  32.repeat: | code | escaped = escaped.replace --all (string.from-rune code) "\\x$(%02x code)"
  escaped = escaped.replace --all "\x7f" "\\x7f"
  return is-cut ? "\"$escaped\"..." : "\"$escaped\""
