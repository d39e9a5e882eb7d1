// Answers TLS handshakes, and then closes. `benches/network` runs it with a certificate and its key in PEM.
import net
import net.tcp
import net.x509
import tls

main args:
  certificate := tls.Certificate (x509.Certificate.parse args[0]) args[1]
  network := net.open
  listener := network.tcp-listen 0
  print listener.local-address.port
  while true:
    socket := listener.accept
    task:: answer socket certificate

answer socket/tcp.Socket certificate/tls.Certificate:
  secure := tls.Socket.server socket --certificate=certificate
  catch:
    secure.handshake
    // Until the client closes.
    secure.in.read
  secure.close
