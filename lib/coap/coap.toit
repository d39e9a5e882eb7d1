/**
The Constrained Application Protocol (RFC 7252), over TCP (RFC 8323): requests to small servers.

```
import coap
import coap.tcp show TcpTransport
import net

main:
  network := net.open
  socket := network.tcp-connect "localhost" 5683
  client := coap.Client (TcpTransport socket)
  print (client.get "/temperature").read-payload.to-string
  client.close
```
*/

import .client

export *
