// Bad peers of TLS over connections of the network: each handshake ends, and its error says why.

import expect show *
import io
import net
import net.tcp
import net.x509
import tls

import .certificates

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

/** The time after which a handshake with a peer that never finishes it fails. */
SOON ::= Duration --ms=20

main:
  network := net.open
  test-certificates network
  test-bytes-for-clients network
  test-bytes-for-servers network
  network.close
  // expect: done
  print "done"

/** Calls the block with both ends of a connection. */
with-pair network/net.Client [block] -> none:
  listener := network.tcp-listen 0
  client := network.tcp-connect (net.SocketAddress LOCALHOST listener.local-address.port)
  server := listener.accept
  try:
    block.call client server
  finally:
    client.close
    server.close
    listener.close

/** The error of a client of a server with this certificate. The server learns that it was refused. */
refusal network/net.Client certificate/string key/string --name/string="localhost" -> string:
  error := null
  with-pair network: | near/tcp.Socket far/tcp.Socket |
    server := tls.Socket.server far --certificate=(tls.Certificate (x509.Certificate.parse certificate) key)
    told := null
    task:: told = catch: server.in.read
    client := tls.Socket.client near --server-name=name --root-certificates=[tls.RootCertificate ROOT]
    error = catch: client.handshake
    while not told: sleep --ms=1
    expect (told.contains "received from our peer")
  return error

test-certificates network/net.Client:
  [
    [EXPIRED, EXPIRED-KEY, "EXPIRED"],
    [FUTURE, FUTURE-KEY, "FUTURE"],
    [STRANGER, STRANGER-KEY, "NOT_TRUSTED"],
    [SELF-SIGNED, SELF-SIGNED-KEY, "NOT_TRUSTED"],
    [CLIENT, CLIENT-KEY, "EXT_KEY_USAGE"],
  ].do: | row/List |
    error := refusal network row[0] row[1]
    expect (error.contains row[2]) --message="$row[2]: $error"
  error := refusal network SERVER SERVER-KEY --name="example.com"
  expect (error.contains "CN_MISMATCH") --message=error

/** Bytes that are no handshake, and the beginnings of one. */
BAD ::= [
  "HTTP/1.1 400 Bad Request\r\n\r\n".to-byte-array,
  #[0x16, 0x03, 0x03, 0x00, 0x04, 0xff, 0x00, 0x00, 0x00],
  #[0x16, 0x03, 0x03, 0xff, 0xff],
  #[0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28],
]
BEGUN ::= [
  #[0x16],
  #[0x16, 0x03, 0x03, 0x40, 0x00, 0x01],
]

/** Sends the bytes one by one, as separate packets. */
send-slowly peer/tcp.Socket bytes/ByteArray -> none:
  peer.no-delay = true
  bytes.size.repeat:
    peer.out.write bytes it (it + 1)
    yield

check-bad network/net.Client [handshake] -> none:
  BAD.do: | bytes/ByteArray |
    with-pair network: | near/tcp.Socket far/tcp.Socket |
      task:: catch: send-slowly far bytes
      error := catch: handshake.call near (Duration --s=20)
      expect-not-null error
      expect-not-equals DEADLINE-EXCEEDED-ERROR error
  BEGUN.do: | bytes/ByteArray |
    with-pair network: | near/tcp.Socket far/tcp.Socket |
      send-slowly far bytes
      expect-throw DEADLINE-EXCEEDED-ERROR: handshake.call near SOON
    with-pair network: | near/tcp.Socket far/tcp.Socket |
      send-slowly far bytes
      far.out.close
      expect-throw "UNEXPECTED_END_OF_READER": handshake.call near (Duration --s=20)

test-bytes-for-clients network/net.Client:
  check-bad network: | raw/tcp.Socket timeout/Duration |
    socket := tls.Socket.client raw --server-name="localhost" --handshake-timeout=timeout
    try: socket.handshake
    finally: socket.close

test-bytes-for-servers network/net.Client:
  identity := tls.Certificate (x509.Certificate.parse SERVER) SERVER-KEY
  check-bad network: | raw/tcp.Socket timeout/Duration |
    socket := tls.Socket.server raw --certificate=identity --handshake-timeout=timeout
    try: socket.handshake
    finally: socket.close
