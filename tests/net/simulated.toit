// TCP, UDP and names, also over the simulated network: no task runs in circles, since time would stand still meanwhile.
// simulate: the network in memory

import expect show *
import monitor
import net
import net.tcp
import net.udp

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

main:
  network := net.open
  expect-equals [LOCALHOST] (network.resolve "localhost")
  expect-equals [LOCALHOST] (network.resolve "127.0.0.1")
  error := catch: network.resolve "nothing.invalid"
  expect (error.starts-with "Host name lookup failure: 'nothing.invalid'")
  test-request network
  test-reset network
  test-closed network
  test-datagrams network
  network.close
  // expect: done
  print "done"

/** More bytes than the buffers have room for, in both directions. */
test-request network/net.Client:
  server := network.tcp-listen 0
  task::
    accepted := server.accept
    expect-equals "request" accepted.in.read-line
    accepted.out.write (ByteArray 300_000: it)
    accepted.close
  socket := network.tcp-connect "localhost" server.local-address.port
  expect-equals server.local-address.port socket.peer-address.port
  socket.out.write "request\n"
  expect-bytes-equal (ByteArray 300_000: it) socket.in.read-all
  expect-null socket.in.read
  socket.close
  port := server.local-address.port
  expect-throw "Address already in use": network.tcp-listen port
  server.close
  expect-throw "Connection refused": network.tcp-connect "localhost" port

/** A peer that closes without reading breaks the connection. */
test-reset network/net.Client:
  server := network.tcp-listen 0
  done := monitor.Latch
  task::
    accepted := server.accept
    sleep --ms=200
    accepted.close
    done.set true
  socket := network.tcp-connect "localhost" server.local-address.port
  socket.out.write "not read"
  done.get
  expect-throw "Connection reset by peer": socket.in.read
  socket.close
  server.close

/** A socket that another task closes ends the calls that wait for it. */
test-closed network/net.Client:
  server := network.tcp-listen 0
  task::
    sleep --ms=5
    server.close
  expect-throw "NOT_CONNECTED": server.accept

test-datagrams network/net.Client:
  one := network.udp-open
  other := network.udp-open
  one.send (udp.Datagram #[1, 2] (net.SocketAddress LOCALHOST other.local-address.port))
  datagram := other.receive
  expect-equals #[1, 2] datagram.data
  expect-equals (net.SocketAddress LOCALHOST one.local-address.port) datagram.address
  other.connect datagram.address
  other.write #[3]
  expect-equals #[3] one.read
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=5: one.receive
  one.close
  other.close
