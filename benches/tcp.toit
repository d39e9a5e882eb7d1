// Measures TCP. `benches/network` starts it with one of these arguments:
//   throughput SECONDS   sends chunks between two processes of this program, and prints `throughput N MB/s`
//   round-trip COUNT     sends messages between two processes of this program, and prints `round-trip N us`
//   accept               accepts connections of other programs: prints the port, and then the number of connections after each
import net

CHUNK ::= 64 * 1024

main args:
  network := net.open
  if args[0] == "throughput": throughput network (int.parse args[1])
  else if args[0] == "round-trip": round-trip network (int.parse args[1])
  else if args[0] == "accept": accept network

/** Sends chunks for $seconds s from another process to this one, which drops them. Prints the throughput. */
throughput network/net.Client seconds/int:
  listener := network.tcp-listen 0
  port := listener.local-address.port
  spawn::
    peer := net.open.tcp-connect "127.0.0.1" port
    chunk := ByteArray CHUNK
    end := Time.monotonic-us + seconds * 1_000_000
    while Time.monotonic-us < end: peer.out.write chunk
    peer.close
  socket := listener.accept
  start := Time.monotonic-us
  bytes := 0
  while data := socket.in.read: bytes += data.size
  took := Time.monotonic-us - start
  print "throughput $(%.0f bytes.to-float / took) MB/s"

/** Sends 100 bytes and waits until they are back, $count times. Prints the median. */
round-trip network/net.Client count/int:
  listener := network.tcp-listen 0
  port := listener.local-address.port
  spawn::
    peer := net.open.tcp-connect "127.0.0.1" port
    peer.no-delay = true
    while data := peer.in.read: peer.out.write data
  socket := listener.accept
  socket.no-delay = true
  message := ByteArray 100
  times := List count:
    start := Time.monotonic-us
    socket.out.write message
    socket.in.skip message.size
    Time.monotonic-us - start
  socket.close
  times.sort --in-place
  print "round-trip $times[count / 2] us"

/** Accepts connections and keeps them. Prints the port, and then the number of connections after each. */
accept network/net.Client:
  listener := network.tcp-listen 0
  print listener.local-address.port
  sockets := []
  while true:
    sockets.add listener.accept
    print sockets.size
