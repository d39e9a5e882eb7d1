// A site and its visitors: the server of `examples/http` with a small client. The argument is the role.
import net
import net.tcp

import .....examples.http.http show Request Response Server

PORT ::= 80

/** The size of a response in bytes: more than the buffers of a connection in a storm have room for. */
SIZE ::= 20_000

/** The time after which a visitor gives a connection up. */
PATIENCE ::= Duration --s=300

main arguments/List:
  arguments[0] == "site" ? site : visit

site -> none:
  (Server (net.open.tcp-listen PORT)).run:: | request/Request |
    Response --type="text/plain" (ByteArray SIZE --initial=request.path[1])

/** Sends two requests over each of two connections. */
visit -> none:
  // The site listens by then, unless it was killed.
  sleep (Duration --s=1)
  network := net.open
  2.repeat:
    error := catch:
      with-timeout PATIENCE:
        socket := network.tcp-connect "localhost" PORT
        try:
          ["a", "b"].do: print "visitor: $(get socket it)"
        finally:
          critical-do: socket.close
    if error: print "visitor: failed: $error"

/** Requests a path with one letter. Returns the status. Throws if the response is not complete. */
get socket/tcp.Socket letter/string -> string:
  socket.out.write "GET /$letter HTTP/1.1\r\nHost: localhost\r\n\r\n"
  status := (socket.in.read-line.split " ")[1]
  length := 0
  while true:
    line := socket.in.read-line
    if not line: throw "the head of the response is not complete"
    if line == "": break
    if line.starts-with "Content-Length: ": length = int.parse line["Content-Length: ".size..]
  body := socket.in.read-bytes length
  if status == "200" and (length != SIZE or (body.any: it != letter[0])): throw "another response"
  return status
