/**
Wired networks that a container provides, if $net.open connects to another one.

```
import net.ethernet

main:
  network := ethernet.open
  print network.address
  network.close
```
*/

import net
import system.api.ethernet show EthernetServiceClient

import .awaited_

awaited_/AwaitedClient_ ::= AwaitedClient_

/**
Connects to the wired network.

Throws "ethernet unavailable" if there is no provider. The first call waits 5 seconds for one.
*/
open --name/string?=null -> net.Client:
  client := awaited_.get EthernetServiceClient --absent="ethernet unavailable"
  return net.Client client --name=name client.connect

/** Forgets the provider. The next call of $open looks for one again. */
reset -> none:
  awaited_.reset
