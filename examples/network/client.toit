// Fetches a page and counts echoes of datagrams. It does not know which network it uses.
import net
import net.udp

/** Requests $path from the server at $port of this machine. Returns the text of the page. */
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
Sends $count datagrams to $port of this machine. At most 256 are possible, since the content is one byte. Returns the
  number of datagrams that have come back when the last of them arrives, or after 10 s.
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
