// UDP over loopback: datagrams, connected sockets, options, and multicast.

import expect show *
import monitor
import net
import net.modules.udp as modules
import net.udp

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"
GROUP ::= net.IpAddress.parse "239.7.8.9"

main:
  network := net.open
  test-datagrams network
  test-connected network
  test-closed-while-waiting network
  test-options network
  test-multicast network
  // expect: done
  print "done"

test-datagrams network/net.Client:
  one := network.udp-open
  other := network.udp-open --port=0
  to := net.SocketAddress LOCALHOST other.local-address.port
  // Datagrams keep their borders, also if they are empty or large.
  [0, 1, 1000, 40_000].do: | size/int |
    one.send (udp.Datagram (ByteArray size: it) to)
    received := other.receive
    expect-equals size received.data.size
    expect-equals one.local-address.port received.address.port
  one.close
  expect-throw "NOT_CONNECTED": one.send (udp.Datagram #[1] to)
  other.close

test-connected network/net.Client:
  one := network.udp-open
  other := network.udp-open
  stranger := network.udp-open
  one.connect (net.SocketAddress LOCALHOST other.local-address.port)
  other.connect (net.SocketAddress LOCALHOST one.local-address.port)
  stranger.send (udp.Datagram "psst".to-byte-array (net.SocketAddress LOCALHOST other.local-address.port))
  one.write "hello"
  expect-equals "hello" other.read.to-string
  other.write "hello yourself"
  expect-equals "hello yourself" one.read.to-string
  // The next read says that a datagram could not be delivered. The socket can go on.
  other.close
  one.write "are you there?"
  expect-throw "Connection refused": one.read
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=10: one.read

test-closed-while-waiting network/net.Client:
  [true, false].do: | whole/bool |
    socket := modules.Socket network "127.0.0.1" 0
    results := monitor.Channel 1
    task:: results.send [whole ? socket.receive : socket.read]
    // The task runs until it waits.
    yield
    other := network.udp-open
    other.send (udp.Datagram #[] socket.local-address)
    expect-not-null results.receive.first
    task:: results.send [whole ? socket.receive : socket.read]
    yield
    socket.close
    expect-null results.receive.first
    expect-throw "NOT_CONNECTED": socket.receive
    other.close

test-options network/net.Client:
  socket := network.udp-open
  expect-not socket.broadcast
  socket.broadcast = true
  expect socket.broadcast
  expect socket.mtu > 1000
  socket.close

test-multicast network/net.Client:
  socket := network.udp-open-multicast --if-addr=LOCALHOST --reuse-port --ttl=3 --no-loopback
  expect-equals LOCALHOST socket.multicast-interface
  expect-equals 3 socket.multicast-ttl
  expect-not socket.multicast-loopback
  expect socket.reuse-address
  expect socket.reuse-port
  socket.multicast-loopback = true
  expect socket.multicast-loopback
  expect-throw "OUT_OF_RANGE": socket.multicast-ttl = 256
  socket.close
