/**
Secure connections: TLS 1.2 and 1.3.

A $Socket makes a connection of any network secure; a $Session does the same with any reader and writer.

A client needs the certificates that it trusts: those that it is given, or those that the program has installed
  with $RootCertificate.install. The package `certificate-roots` has those of the web, and
  $use-system-trusted-root-certificates installs those of the machine.

```
import net
import tls

main:
  tls.use-system-trusted-root-certificates
  network := net.open
  raw := network.tcp-connect "example.com" 443
  socket := tls.Socket.client raw --server-name="example.com"
  socket.out.write "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
  print socket.in.read-line
  socket.close
```

A server has a $Certificate, which consists of a certificate and its private key:

```
import net
import net.x509
import tls

serve network/net.Client certificate/string key/string:
  identity := tls.Certificate (x509.Certificate.parse certificate) key
  server := network.tcp-listen 8443
  while true:
    socket := tls.Socket.server server.accept --certificate=identity
    task::
      socket.out.write "hello\n"
      socket.close
```
*/

import .certificate
import .session
import .socket

export *
