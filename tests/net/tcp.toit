// TCP over loopback: both directions, half close, addresses, options, refused connections, and calls that wait.

import expect show *
import net
import net.modules.tcp as modules
import net.modules.udp as modules
import net.tcp

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

main:
  network := net.open
  test-echo network
  test-large-writes network
  test-refused network
  test-closed-while-waiting network
  test-canceled network
  test-options network
  test-one-interface network
  network.close
  expect network.is-closed
  expect-throw "Network closed": network.tcp-listen 0
  // expect: done
  print "done"

/** Calls the block with both ends of a connection. */
with-pair network/net.Client [block] -> none:
  server := network.tcp-listen 0
  accepted/tcp.Socket? := null
  accepting := task:: accepted = server.accept
  one := network.tcp-connect (net.SocketAddress LOCALHOST server.local-address.port)
  while not accepted: yield
  server.close
  block.call one accepted
  one.close
  accepted.close

test-echo network/net.Client:
  with-pair network: | one/tcp.Socket other/tcp.Socket |
    expect-equals one.local-address other.peer-address
    expect-equals LOCALHOST one.peer-address.ip
    one.out.write "hello\nworld"
    one.out.close
    expect-equals "hello" other.in.read-line
    other.out.write "goodbye"
    other.out.close
    expect-equals "world" other.in.read-all.to-string
    expect-equals "goodbye" one.in.read-all.to-string
    expect-null one.in.read

/** A write of more than one call hands over, and the caller keeps its bytes. */
test-large-writes network/net.Client:
  with-pair network: | one/tcp.Socket other/tcp.Socket |
    data := ByteArray 500_000: it * 31
    task::
      one.out.write data
      one.out.close
    expect-bytes-equal data other.in.read-all
    expect-equals 31 data[1]

test-refused network/net.Client:
  server := network.tcp-listen 0
  port := server.local-address.port
  expect-throw "Address already in use": network.tcp-listen port
  server.close
  server.close
  expect-throw "Connection refused": network.tcp-connect "localhost" port
  expect-throw "NOT_CONNECTED": server.accept

/** A socket that another task closes ends the calls that wait for it. */
test-closed-while-waiting network/net.Client:
  with-pair network: | one/tcp.Socket other/tcp.Socket |
    task::
      sleep --ms=5
      one.close
    expect-throw "NOT_CONNECTED": one.in.read
    expect-throw "NOT_CONNECTED": one.out.write "more"
    expect-null other.in.read
  server := network.tcp-listen 0
  task::
    sleep --ms=5
    server.close
  expect-throw "NOT_CONNECTED": server.accept

/** A read that is canceled while it waits loses nothing. */
test-canceled network/net.Client:
  with-pair network: | one/tcp.Socket other/tcp.Socket |
    expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=2: one.in.read
    other.out.write "late"
    expect-equals "late" one.in.read.to-string

test-options network/net.Client:
  with-pair network: | one/tcp.Socket other/tcp.Socket |
    expect-not one.no-delay
    one.no-delay = true
    expect one.no-delay
    expect one.mtu > 1000

/** A server and a socket that only this machine can reach. */
test-one-interface network/net.Client:
  server := modules.TcpServerSocket network
  server.listen "localhost" 0
  expect-equals LOCALHOST server.local-address.ip
  expect-throw "Address already in use": (modules.TcpServerSocket network).listen "127.0.0.1" server.local-address.port
  server.close
  everywhere := modules.TcpServerSocket network
  everywhere.listen "" 0
  expect-equals "0.0.0.0" everywhere.local-address.ip.stringify
  everywhere.close
  socket := modules.Socket network "127.0.0.1" 0
  expect-equals LOCALHOST socket.local-address.ip
  socket.close
  // An address for documentation, which no machine has.
  expect-throw "Cannot assign requested address":
    (modules.TcpServerSocket network).listen "192.0.2.1" 0
