// Fetches a page and counts echoes of datagrams. It does not know which network it uses.
import net
import net.udp

/** Requests the page at the path from the server at the port of this machine. Returns its text. */
fetch network/net.Client port/int path/string -> string:
  socket := network.tcp-connect "localhost" port
  try:
    socket.out.write "GET $path HTTP/1.0\r\n\r\n"
    status := socket.in.read-line
    if not status.ends-with "200 OK": throw status
    while socket.in.read-line != "": null
    return socket.in.read-all.to-string
  finally:
    socket.close

/**
Sends so many datagrams to the port of this machine. Returns the number of those that have come back when the last one
  arrives, or after 10 s.
*/
count-echoes network/net.Client port/int count/int -> int:
  socket := network.udp-open
  address := net.SocketAddress (net.IpAddress.parse "127.0.0.1") port
  count.repeat: socket.send (udp.Datagram #[it] address)
  echoes := 0
  catch --unwind=(: it != DEADLINE-EXCEEDED-ERROR):
    with-timeout --ms=10_000:
      number := -1
      while number != count - 1:
        number = socket.receive.data[0]
        echoes++
  socket.close
  return echoes
