// TLS over connections of the network: both directions, addresses and options, half close, peers that do not speak TLS,
// and a server whose client goes away.

import expect show *
import monitor
import net
import net.tcp
import net.x509
import tls

import .certificates

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

server-identity ::= tls.Certificate (x509.Certificate.parse SERVER) SERVER-KEY

main:
  (tls.RootCertificate ROOT).install
  network := net.open
  test-echo network
  test-resumed network
  test-one-byte-at-a-time network
  test-foreign-peers network
  test-client-goes-away network
  test-many network
  network.close
  // expect: done
  print "done"

/** Calls the block with a client. The $serve lambda gets each connection of the server. */
with-client network/net.Client serve/Lambda [block] -> none:
  server := network.tcp-listen 0
  accepting := task --background::
    catch:
      while socket := server.accept: task --background:: serve.call socket
  raw := network.tcp-connect (net.SocketAddress LOCALHOST server.local-address.port)
  block.call raw
  raw.close
  server.close

serve-echo raw/tcp.Socket -> none:
  socket := tls.Socket.server raw --certificate=server-identity
  while data := socket.in.read: socket.out.write data
  socket.close

test-echo network/net.Client:
  with-client network (:: serve-echo it): | raw/tcp.Socket |
    socket := tls.Socket.client raw --server-name="localhost"
    expect-equals tls.SESSION-MODE-NONE socket.session-mode
    socket.handshake
    expect-equals tls.SESSION-MODE-TOIT socket.session-mode
    expect-not socket.no-delay
    socket.no-delay = true
    expect raw.no-delay
    expect-equals raw.peer-address socket.peer-address
    expect-equals raw.local-address socket.local-address
    expect socket.mtu < raw.mtu
    data := ByteArray 300_000: it * 31
    task::
      socket.out.write data
      socket.out.close
    expect-bytes-equal data socket.in.read-all
    expect-null socket.in.read
    socket.close
    socket.close
    expect-equals tls.SESSION-MODE-CLOSED socket.session-mode

test-resumed network/net.Client:
  state/ByteArray? := null
  3.repeat: | round |
    with-client network (:: serve-echo it): | raw/tcp.Socket |
      socket := tls.Socket.client raw --server-name="localhost"
      if state: socket.session-state = state
      socket.out.write "hello"
      expect-equals "hello" socket.in.read.to-string
      expect-equals (round > 0) socket.session-resumed
      state = socket.session-state
      socket.close

/** A peer whose bytes come one by one. */
test-one-byte-at-a-time network/net.Client:
  with-client network (:: serve-echo it): | raw/tcp.Socket |
    // Between both ends, a connection that passes on single bytes.
    between := network.tcp-listen 0
    task --background::
      front := between.accept
      front.no-delay = true
      task --background:: catch:
        while data := front.in.read: raw.out.write data
      catch:
        while data := raw.in.read:
          data.size.repeat: front.out.write data it (it + 1)
    slow := network.tcp-connect (net.SocketAddress LOCALHOST between.local-address.port)
    socket := tls.Socket.client slow --server-name="localhost"
    socket.out.write "hello"
    expect-equals "hello" socket.in.read.to-string
    socket.close
    between.close

test-foreign-peers network/net.Client:
  garbage := ::
    it.out.write "this is not TLS\r\n"
    it.close
  with-client network garbage: | raw/tcp.Socket |
    socket := tls.Socket.client raw --server-name="localhost"
    expect-throw "Unknown TLS record type: 116: the peer does not speak TLS": socket.handshake
    socket.close
  ends := ::
    it.in.read
    it.close
  with-client network ends: | raw/tcp.Socket |
    socket := tls.Socket.client raw --server-name="localhost"
    expect-throw "UNEXPECTED_END_OF_READER": socket.handshake
  silent := :: sleep (Duration --s=100)
  with-client network silent: | raw/tcp.Socket |
    socket := tls.Socket.client raw --server-name="localhost" --handshake-timeout=(Duration --ms=10)
    expect-throw DEADLINE-EXCEEDED-ERROR: socket.handshake
    socket.close
  // Another task closes the socket of a handshake.
  with-client network silent: | raw/tcp.Socket |
    socket := tls.Socket.client raw --server-name="localhost"
    task::
      while socket.session-mode != tls.SESSION-MODE-CONNECTING: yield
      socket.close
    expect-not-null (catch: socket.handshake)
    expect-equals tls.SESSION-MODE-CLOSED socket.session-mode

/** A server learns that its client has ended in the middle of a write. */
test-client-goes-away network/net.Client:
  error := monitor.Latch
  writes := ::
    socket := tls.Socket.server it --certificate=server-identity
    error.set (catch: while true: socket.out.write (ByteArray 10_000))
    socket.close
  with-client network writes: | raw/tcp.Socket |
    socket := tls.Socket.client raw --server-name="localhost"
    expect-equals 0 socket.in.read[0]
    socket.close
    expect-not-null error.get

/** Sessions at the same time. */
test-many network/net.Client:
  server := network.tcp-listen 0
  task --background:: catch:
    while socket := server.accept: task --background:: serve-echo socket
  left := monitor.Semaphore
  8.repeat: | number |
    task::
      raw := network.tcp-connect (net.SocketAddress LOCALHOST server.local-address.port)
      socket := tls.Socket.client raw --server-name="localhost"
      socket.out.write "hello from $number"
      expect-equals "hello from $number" socket.in.read.to-string
      socket.close
      left.up
  8.repeat: left.down
  server.close
