/** Printing to standard output, to standard error, and to the print service. */

import system.api.print show PrintServiceClient
import system.services show ServiceClient
import system.stand-in_ show StandIn_

/**
Prints $message and a line end.

The text goes to the standard output, or to a print service if a container
  offers one. Without such a service, printing never switches tasks.
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

print-stand-in_/StandIn_ ::= PrintStandIn_

class PrintStandIn_ extends StandIn_:
  constructor:
    super StandIn_.PRINT

  new-client_ -> ServiceClient:
    return PrintServiceClient

print-line_ text/string -> none:
  is-printed := print-stand-in_.ask: | client/PrintServiceClient | client.print text
  if not is-printed: write-stdout_ text true

write-stdout_ text/string newline/bool -> none:
  #primitive.core.write-stdout

write-stderr_ text/string newline/bool -> none:
  #primitive.core.write-stderr
