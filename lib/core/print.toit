/** Output for humans. */

import system.api.print show PrintService PrintServiceClient

/**
Prints $message and a line end.

The text goes to the standard output, or to a print service if a container
  offers one. It never switches tasks.
*/
print message/any -> none:
  print-line_ message.stringify

/** Prints an empty line. */
print -> none:
  print-line_ ""

/** Prints $object for the eyes of a programmer: on standard error, past all services. */
debug object/any -> none:
  write-stderr_ object.stringify true

/** Prints an empty line on standard error. */
debug -> none:
  write-stderr_ "" true

/** Prints $object on standard output, past all services. */
print_ object/any -> none:
  write-stdout_ object.stringify true

/** Prints an empty line on standard output, past all services. */
print_ -> none:
  write-stdout_ "" true

/** Prints $object on standard error. */
print-on-stderr_ object/any -> none:
  write-stderr_ object.stringify true

write-on-stdout_ message/string add-newline/bool -> none:
  write-stdout_ message add-newline

write-on-stderr_ message/string add-newline/bool -> none:
  write-stderr_ message add-newline

/** The print service of another container, once there is one. */
print-client_/PrintService? := null

print-line_ text/string -> none:
  if not print-client_ and has-print-service_:
    print-client_ = (PrintServiceClient).open --if-absent=: null
  if print-client_:
    print-by-service_ print-client_ text
  else:
    write-stdout_ text true

/** Has $service print $text. If it cannot, this throws, and the next print looks for another one. */
print-by-service_ service/PrintService text/string -> none:
  is-printed := false
  try:
    service.print text
    is-printed = true
  finally:
    if not is-printed: print-client_ = null

has-print-service_ -> bool:
  #primitive.core.has-print-service

write-stdout_ text/string newline/bool -> none:
  #primitive.core.write-stdout

write-stderr_ text/string newline/bool -> none:
  #primitive.core.write-stderr
