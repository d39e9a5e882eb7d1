// helper
// Guests that misuse TLS: handshakes that never end, and peers that send garbage.
import net
import net.x509
import tls
import .house
import ...tls.certificates

CIPHERS ::= {
  "handshakes": :: handshakes,
  "garbage": :: garbage,
}

/** Longer than any scene. */
PATIENCE ::= Duration --h=10

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

identity -> tls.Certificate: return tls.Certificate (x509.Certificate.parse SERVER) SERVER-KEY

/** Begins handshakes without end, as a client and as a server, whose peers are silent. Finishes none. */
handshakes -> none:
  network := net.open
  listener := network.tcp-listen 0
  certificate := identity
  while true:
    note:
      near := network.tcp-connect (net.SocketAddress LOCALHOST listener.local-address.port)
      // Both ends are servers, so each waits for the other.
      task:: note: (tls.Socket.server near --certificate=certificate --handshake-timeout=PATIENCE).handshake
      far := listener.accept
      task:: note: (tls.Socket.server far --certificate=certificate --handshake-timeout=PATIENCE).handshake
      silent := network.tcp-connect (net.SocketAddress LOCALHOST listener.local-address.port)
      kept := listener.accept
      task::
        note: (tls.Socket.client silent --server-name="localhost" --handshake-timeout=PATIENCE).handshake
        // The peer stays open for as long as the client waits.
        kept.close

/** Sends garbage to clients and servers, some of which begins as messages of a handshake do. */
garbage -> none:
  network := net.open
  listener := network.tcp-listen 0
  certificate := identity
  round := 0
  while true:
    near := network.tcp-connect (net.SocketAddress LOCALHOST listener.local-address.port)
    far := listener.accept
    round++
    is-client := round % 2 == 0
    task:: catch: while true: far.out.write garbage-bytes
    note:
      socket := is-client
          ? tls.Socket.client near --server-name="localhost"
          : tls.Socket.server near --certificate=certificate
      socket.handshake
    near.close
    far.close

garbage-bytes -> ByteArray:
  bytes := ByteArray (random 2_000): random 256
  header := #[0x14 + (random 4), 3, random 4, random 0x41, random 256, random 24]
  return (random 4) == 0 ? bytes : header + bytes
