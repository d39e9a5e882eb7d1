/** Output. */

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

/** Prints $object for debugging: on standard error, past all services. */
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

/** The print service of a container, if there is one. */
print-client_/PrintServiceClient? := null

print-line_ text/string -> none:
  if has-print-service_ or prints-to-itself_:
    // The provider may have been replaced since the last time.
    2.repeat: if print-by-service_ text: return
  print-client_ = null
  write-stdout_ text true

/** Whether a print service has accepted $text. If not, the next attempt looks for another one. */
print-by-service_ text/string -> bool:
  if not print-client_: print-client_ = (PrintServiceClient).open --if-absent=: return false
  exception := catch: print-client_.print text
  if not exception: return true
  is-own := prints-to-itself_
  print-client_ = null
  // A process that prints to a service of its own, and has uninstalled it, gets the exception.
  if is-own: throw exception
  return false

/** Whether this process prints to a service that it provides, or has provided. */
prints-to-itself_ -> bool:
  return print-client_ != null and print-client_.pid_ == Process.current.id

has-print-service_ -> bool:
  #primitive.core.has-print-service

write-stdout_ text/string newline/bool -> none:
  #primitive.core.write-stdout

write-stderr_ text/string newline/bool -> none:
  #primitive.core.write-stderr
