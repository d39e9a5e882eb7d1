/**
Networks: names, and sockets for TCP and UDP.

A network is a service, so another container can provide it. $open connects to the network that has
  the highest priority. An application chooses another one by its tags:

```
import net
import system.api.network show NetworkService NetworkServiceClient

main:
  selector := NetworkService.SELECTOR.restrict.allow --tag="slow"
  service := (NetworkServiceClient selector).open as NetworkServiceClient
  network := net.open --service=service
```
*/

import system.api.network show NetworkService NetworkServiceClient
import system.base.network show NetworkResourceProxy NetworkServiceClientBase

import .ip-address
import .socket-address
import .tcp as tcp
import .udp as udp

export IpAddress SocketAddress

service_/NetworkServiceClient? ::= (NetworkServiceClient).open --if-absent=: null

/** Connects to a network. Without a $service, to the one with the highest priority. */
open --name/string?=null --service/NetworkServiceClientBase?=service_ -> Client:
  if not service: throw "Network unavailable"
  return Client service --name=name service.connect

/** A network. */
interface Interface implements tcp.Interface udp.Interface:
  /** The name of the network. */
  name -> string

  /** The address of this machine in the network. */
  address -> IpAddress

  /** Whether the network has been closed. */
  is-closed -> bool

  /** The addresses of a $host, which is a name or an address. */
  resolve host/string -> List

  udp-open -> udp.Socket
  udp-open --port/int? -> udp.Socket

  tcp-connect host/string port/int -> tcp.Socket
  tcp-connect address/SocketAddress -> tcp.Socket
  tcp-listen port/int -> tcp.ServerSocket

  /** Calls $lambda when the network closes; at once if it is closed. Null removes the lambda. */
  on-closed lambda/Lambda? -> none

  /** Closes the network. */
  close -> none

/** A connection to a network that another container provides. */
class Client extends NetworkResourceProxy implements Interface udp.MulticastInterface:
  name/string
  /** The operations that go through the service. See $NetworkService.PROXY-TCP and its kin. */
  proxy-mask/int

  constructor service/NetworkServiceClientBase --name/string?=null connection/List:
    proxy-mask = connection[1]
    this.name = name or connection[2]
    super service connection[0]

  constructor service/NetworkServiceClientBase --handle/int --.proxy-mask --.name:
    super service handle

  address -> IpAddress:
    ensure-open_
    return super

  resolve host/string -> List:
    ensure-open_
    return super host

  /** The addresses of the name servers of the machine. Not every network has this method. */
  name-servers -> List:
    ensure-open_
    return super

  /** Asks the provider to avoid this network for a while, if it can. */
  quarantine -> none:
    if proxy-mask & NetworkService.PROXY-QUARANTINE == 0: return
    (client_ as NetworkServiceClientBase).quarantine name

  udp-open --port/int?=null -> udp.Socket:
    ensure-open_
    return super --port=port

  udp-open-multicast -> udp.MulticastSocket
      --port/int?=null
      --if-addr/IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1:
    ensure-open_
    return super
        --port=port
        --if-addr=if-addr
        --reuse-address=reuse-address
        --reuse-port=reuse-port
        --loopback=loopback
        --ttl=ttl

  udp-open-multicast -> udp.MulticastSocket
      address/IpAddress
      port/int
      --if-addr/IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1:
    ensure-open_
    return super address port
        --if-addr=if-addr
        --reuse-address=reuse-address
        --reuse-port=reuse-port
        --loopback=loopback
        --ttl=ttl

  tcp-connect host/string port/int -> tcp.Socket:
    addresses := resolve host
    return tcp-connect (SocketAddress addresses[random addresses.size] port)

  tcp-connect address/SocketAddress -> tcp.Socket:
    ensure-open_
    return super address

  tcp-listen port/int -> tcp.ServerSocket:
    ensure-open_
    return super port

  ensure-open_ -> none:
    if is-closed: throw "Network closed"

  on-notified_ notification/any -> none:
    if notification == NetworkService.NOTIFY-CLOSED: close-handle_
