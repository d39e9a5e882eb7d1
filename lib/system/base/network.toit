/**
What clients and providers of networks have in common.

A container that provides a network extends $ProxyingNetworkServiceProvider: it opens a network, and
  passes on to it what its clients do.
*/

import io
import monitor
import net
import net.tcp
import net.udp
import system.api.network show NetworkService
import system.services
    show
    ServiceClient
    ServiceHandler
    ServiceProvider
    ServiceResource
    ServiceResourceProxy
    ServiceSelector

/** The client of a network, and of services that have its methods and more. */
abstract class NetworkServiceClientBase extends ServiceClient implements NetworkService:
  constructor selector/ServiceSelector:
    super selector

  connect -> List:
    return invoke_ NetworkService.CONNECT-INDEX null

  address handle/int -> ByteArray:
    return invoke_ NetworkService.ADDRESS-INDEX handle

  resolve handle/int host/string -> List:
    return invoke_ NetworkService.RESOLVE-INDEX [handle, host]

  quarantine name/string -> none:
    invoke_ NetworkService.QUARANTINE-INDEX name

  udp-open handle/int port/int? -> int:
    return invoke_ NetworkService.UDP-OPEN-INDEX [handle, port]

  /** The addresses of the name servers of the machine. */
  name-servers handle/int -> List:
    return invoke_ NetworkService.NAME-SERVERS-INDEX handle

  /** Variant of $udp-open for one interface, given by its address. */
  udp-open-at handle/int ip/ByteArray port/int -> int:
    return invoke_ NetworkService.UDP-OPEN-AT-INDEX [handle, ip, port]

  udp-connect handle/int ip/ByteArray port/int -> none:
    invoke_ NetworkService.UDP-CONNECT-INDEX [handle, ip, port]

  udp-receive handle/int -> List:
    return invoke_ NetworkService.UDP-RECEIVE-INDEX handle

  udp-send handle/int data/ByteArray ip/ByteArray port/int -> none:
    invoke_ NetworkService.UDP-SEND-INDEX [handle, data, ip, port]

  udp-open-multicast -> int
      handle/int
      address/ByteArray?
      port/int
      if-addr/ByteArray?
      reuse-address/bool
      reuse-port/bool
      loopback/bool
      ttl/int:
    arguments := [handle, address, port, if-addr, reuse-address, reuse-port, loopback, ttl]
    return invoke_ NetworkService.UDP-OPEN-MULTICAST-INDEX arguments

  tcp-connect handle/int ip/ByteArray port/int -> int:
    return invoke_ NetworkService.TCP-CONNECT-INDEX [handle, ip, port]

  tcp-listen handle/int port/int -> int:
    return invoke_ NetworkService.TCP-LISTEN-INDEX [handle, port]

  /** Variant of $tcp-listen for one interface, given by its address. */
  tcp-listen-at handle/int ip/ByteArray port/int -> int:
    return invoke_ NetworkService.TCP-LISTEN-AT-INDEX [handle, ip, port]

  tcp-accept handle/int -> int:
    return invoke_ NetworkService.TCP-ACCEPT-INDEX handle

  tcp-close-write handle/int -> none:
    invoke_ NetworkService.TCP-CLOSE-WRITE-INDEX handle

  socket-get-option handle/int option/int -> any:
    return invoke_ NetworkService.SOCKET-GET-OPTION-INDEX [handle, option]

  socket-set-option handle/int option/int value/any -> none:
    invoke_ NetworkService.SOCKET-SET-OPTION-INDEX [handle, option, value]

  socket-local-address handle/int -> List:
    return invoke_ NetworkService.SOCKET-LOCAL-ADDRESS-INDEX handle

  socket-peer-address handle/int -> List:
    return invoke_ NetworkService.SOCKET-PEER-ADDRESS-INDEX handle

  socket-read handle/int -> ByteArray?:
    return invoke_ NetworkService.SOCKET-READ-INDEX handle

  socket-write handle/int data -> int:
    return invoke_ NetworkService.SOCKET-WRITE-INDEX [handle, data]

  socket-mtu handle/int -> int:
    return invoke_ NetworkService.SOCKET-MTU-INDEX handle

/** The client's end of a connection to a network. */
class NetworkResourceProxy extends ServiceResourceProxy:
  on-closed_/OnClosed_ ::= OnClosed_

  constructor client/NetworkServiceClientBase handle/int:
    super client handle

  address -> net.IpAddress:
    return net.IpAddress (service_.address handle_)

  resolve host/string -> List:
    return (service_.resolve handle_ host).map: net.IpAddress it

  /** The addresses of the name servers of the machine. */
  name-servers -> List:
    return (service_.name-servers handle_).map: net.IpAddress it

  udp-open --port/int?=null -> udp.Socket:
    return UdpSocketProxy_ service_ (service_.udp-open handle_ port)

  udp-open-multicast -> udp.MulticastSocket
      --port/int?=null
      --if-addr/net.IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1:
    return open-multicast_ null (port or 0) if-addr reuse-address reuse-port loopback ttl

  udp-open-multicast -> udp.MulticastSocket
      address/net.IpAddress
      port/int
      --if-addr/net.IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1:
    return open-multicast_ address.to-byte-array port if-addr reuse-address reuse-port loopback ttl

  open-multicast_ -> udp.MulticastSocket
      group/ByteArray?
      port/int
      interface/net.IpAddress?
      reuse-address/bool
      reuse-port/bool
      loopback/bool
      ttl/int:
    from := interface and interface.to-byte-array
    handle := service_.udp-open-multicast handle_ group port from reuse-address reuse-port loopback ttl
    return UdpSocketProxy_ service_ handle

  tcp-connect address/net.SocketAddress -> tcp.Socket:
    return TcpSocketProxy_ service_ (service_.tcp-connect handle_ address.ip.to-byte-array address.port)

  tcp-listen port/int -> tcp.ServerSocket:
    return TcpServerSocketProxy_ service_ (service_.tcp-listen handle_ port)

  /** Variant of $udp-open for one interface: the one with the $address. */
  udp-open-at address/net.SocketAddress -> udp.Socket:
    return UdpSocketProxy_ service_ (service_.udp-open-at handle_ address.ip.to-byte-array address.port)

  /** Variant of $tcp-listen for one interface: the one with the $address. */
  tcp-listen-at address/net.SocketAddress -> tcp.ServerSocket:
    return TcpServerSocketProxy_ service_ (service_.tcp-listen-at handle_ address.ip.to-byte-array address.port)

  /** See $net.Interface.on-closed. */
  on-closed lambda/Lambda? -> none:
    on-closed_.set lambda --is-closed=is-closed

  close-handle_ -> int?:
    return on-closed_.after: super

  service_ -> NetworkServiceClientBase:
    return client_ as NetworkServiceClientBase

/** The lambda to be called when a network closes. */
class OnClosed_:
  lambda_/Lambda? := null

  set lambda/Lambda? --is-closed/bool -> none:
    if not lambda:
      lambda_ = null
      return
    if lambda_: throw "ALREADY_IN_USE"
    if is-closed:
      lambda.call
    else:
      lambda_ = lambda

  /** Calls the block, and then the lambda, at most once. */
  after [block] -> any:
    lambda := lambda_
    lambda_ = null
    try:
      return block.call
    finally:
      if lambda: lambda.call

/** A network that can be closed. A class for one extends this, and closes it in $close_. */
abstract class CloseableNetwork:
  on-closed_/OnClosed_ ::= OnClosed_

  /** Whether the network has been closed. */
  abstract is-closed -> bool

  /** Closes the network. */
  abstract close_ -> none

  /** See $net.Interface.on-closed. */
  on-closed lambda/Lambda? -> none:
    on-closed_.set lambda --is-closed=is-closed

  close -> none:
    on-closed_.after: close_

/** A network that is connected when its first client comes, and disconnected when its last client goes. */
interface NetworkModule:
  connect -> none
  disconnect -> none

/** The connection of a client to a $NetworkModule. */
class NetworkResource extends ServiceResource:
  state_/NetworkState

  constructor provider/ServiceProvider client/int .state_ --notifiable/bool=false:
    super provider client --notifiable=notifiable

  on-closed -> none:
    critical-do: state_.down

/** Counts the clients of a $NetworkModule. */
monitor NetworkState:
  module_/NetworkModule? := null
  usage_/int := 0

  /** The module, while it is connected. */
  module -> NetworkModule?:
    return module_

  /** Counts a client. For the first one, connects the module that the block returns. */
  up [create] -> NetworkModule:
    connected := module_
    if not connected:
      created/NetworkModule? := null
      try:
        created = create.call
        created.connect
        connected = created
        module_ = created
      finally: | is-exception _ |
        if is-exception and created: created.disconnect
    usage_++
    return connected

  /** Counts a client if the module is connected. Otherwise calls the block, and returns null. */
  up [--if-unconnected] -> NetworkModule?:
    if module_:
      usage_++
    else:
      if-unconnected.call
    return module_

  /** Counts a client less. After the last one, disconnects the module. */
  down -> none:
    usage_--
    module := module_
    if usage_ > 0 or not module: return
    // The module counts as disconnected even if that fails.
    module_ = null
    module.disconnect

/**
A provider of a network that passes on what its clients do to another network.

A subclass can override $handle to change or record what passes.
*/
abstract class ProxyingNetworkServiceProvider extends ServiceProvider
    implements NetworkModule ServiceHandler:
  state_/NetworkState ::= NetworkState
  network_/net.Interface? := null

  constructor name/string --major/int --minor/int --patch/int=0:
    super name --major=major --minor=minor --patch=patch

  /** The operations that clients call on this provider: a sum of $NetworkService.PROXY-TCP and its kin. */
  abstract proxy-mask -> int

  /** Opens the network. If this throws, $close-network is not called. */
  abstract open-network -> net.Interface

  /** Closes the network. */
  abstract close-network network/net.Interface -> none

  /** Avoids the network with the $name for a while. Does nothing by default. */
  quarantine name/string -> none:

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == NetworkService.NAME-SERVERS-INDEX:
      return (client-network_).name-servers.map: it.to-byte-array
    if index == NetworkService.UDP-OPEN-AT-INDEX:
      return give_ client ((client-network_).udp-open-at (socket-address_ arguments 1))
    if index == NetworkService.TCP-LISTEN-AT-INDEX:
      return give_ client ((client-network_).tcp-listen-at (socket-address_ arguments 1))
    if index >= NetworkService.SOCKET-GET-OPTION-INDEX:
      return handle-socket_ index arguments --client=client
    if index >= NetworkService.TCP-CONNECT-INDEX:
      return handle-tcp_ index arguments --client=client
    if index >= NetworkService.UDP-OPEN-INDEX:
      return handle-udp_ index arguments --client=client
    if index == NetworkService.CONNECT-INDEX: return connect client
    if index == NetworkService.ADDRESS-INDEX: return address (resource client arguments)
    if index == NetworkService.RESOLVE-INDEX: return resolve (resource client arguments[0]) arguments[1]
    if index == NetworkService.QUARANTINE-INDEX: return quarantine arguments
    unreachable

  handle-udp_ index/int arguments/any --client/int -> any:
    if index == NetworkService.UDP-OPEN-INDEX: return udp-open client arguments[1]
    if index == NetworkService.UDP-OPEN-MULTICAST-INDEX: return udp-open-multicast_ client arguments
    if index == NetworkService.UDP-RECEIVE-INDEX:
      datagram/udp.Datagram := (socket_ client arguments).receive
      return [datagram.data] + (address-parts_ datagram.address)
    socket := socket_ client arguments[0]
    if index == NetworkService.UDP-CONNECT-INDEX:
      return socket.connect (socket-address_ arguments 1)
    if index == NetworkService.UDP-SEND-INDEX:
      return socket.send (udp.Datagram arguments[1] (socket-address_ arguments 2))
    unreachable

  handle-tcp_ index/int arguments/any --client/int -> any:
    if index == NetworkService.TCP-CONNECT-INDEX: return tcp-connect client arguments[1] arguments[2]
    if index == NetworkService.TCP-LISTEN-INDEX: return tcp-listen client arguments[1]
    socket := socket_ client arguments
    if index == NetworkService.TCP-ACCEPT-INDEX: return give_ client socket.accept
    if index == NetworkService.TCP-CLOSE-WRITE-INDEX: return socket.close-write
    unreachable

  handle-socket_ index/int arguments/any --client/int -> any:
    if index == NetworkService.SOCKET-READ-INDEX: return (socket_ client arguments).read
    if index == NetworkService.SOCKET-WRITE-INDEX: return (socket_ client arguments[0]).write arguments[1]
    if index == NetworkService.SOCKET-LOCAL-ADDRESS-INDEX:
      return address-parts_ (socket_ client arguments).local-address
    if index == NetworkService.SOCKET-PEER-ADDRESS-INDEX:
      return address-parts_ (socket_ client arguments).peer-address
    if index == NetworkService.SOCKET-MTU-INDEX: return (socket_ client arguments).mtu
    socket := socket_ client arguments[0]
    if index == NetworkService.SOCKET-GET-OPTION-INDEX: return get-option_ socket arguments[1]
    if index == NetworkService.SOCKET-SET-OPTION-INDEX: return set-option_ socket arguments[1] arguments[2]
    unreachable

  get-option_ socket option/int -> any:
    if option == NetworkService.SOCKET-OPTION-UDP-BROADCAST: return socket.broadcast
    if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-LOOPBACK: return socket.multicast-loopback
    if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-TTL: return socket.multicast-ttl
    if option == NetworkService.SOCKET-OPTION-UDP-REUSE-ADDRESS: return socket.reuse-address
    if option == NetworkService.SOCKET-OPTION-UDP-REUSE-PORT: return socket.reuse-port
    if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-IF: return socket.multicast-interface.to-byte-array
    if option == NetworkService.SOCKET-OPTION-TCP-NO-DELAY: return socket.no-delay
    if option == NetworkService.SOCKET-OPTION-TCP-KEEP-ALIVE: return socket.keep-alive
    if option == NetworkService.SOCKET-OPTION-TCP-WINDOW-SIZE: return socket.window-size
    throw "UNSUPPORTED"

  set-option_ socket option/int value -> none:
    if option == NetworkService.SOCKET-OPTION-UDP-BROADCAST:
      socket.broadcast = value
    else if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-MEMBERSHIP:
      socket.multicast-add-membership (net.IpAddress value)
    else if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-LEAVE:
      socket.multicast-leave-membership (net.IpAddress value)
    else if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-LOOPBACK:
      socket.multicast-loopback = value
    else if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-TTL:
      socket.multicast-ttl = value
    else if option == NetworkService.SOCKET-OPTION-UDP-REUSE-ADDRESS:
      socket.reuse-address = value
    else if option == NetworkService.SOCKET-OPTION-UDP-REUSE-PORT:
      socket.reuse-port = value
    else if option == NetworkService.SOCKET-OPTION-UDP-MULTICAST-IF:
      socket.multicast-interface = net.IpAddress value
    else if option == NetworkService.SOCKET-OPTION-TCP-NO-DELAY:
      socket.no-delay = value
    else if option == NetworkService.SOCKET-OPTION-TCP-KEEP-ALIVE:
      socket.keep-alive = value
    else if option == NetworkService.SOCKET-OPTION-TCP-WINDOW-SIZE:
      socket.window-size = value
    else:
      throw "UNSUPPORTED"

  /** See $NetworkService.connect. */
  connect client/int -> List:
    state_.up: this
    connection := NetworkResource this client state_ --notifiable
    return [connection.serialize-for-rpc, proxy-mask | NetworkService.PROXY-QUARANTINE, network_.name]

  /** Opens the network, for its first client. */
  connect -> none:
    network := open-network
    network.on-closed:: disconnect
    network_ = network

  /** Closes the network, after its last client or when it has closed by itself, and tells the clients that are left. */
  disconnect -> none:
    network := network_
    if not network: return
    network_ = null
    try:
      close-network network
    finally:
      critical-do:
        resources-do: | resource/ServiceResource |
          if resource is NetworkResource and not resource.is-closed:
            resource.notify_ NetworkService.NOTIFY-CLOSED --close

  /** See $NetworkService.address. */
  address resource/ServiceResource -> ByteArray:
    return network_.address.to-byte-array

  /** See $NetworkService.resolve. */
  resolve resource/ServiceResource host/string -> List:
    return (network_.resolve host).map: it.to-byte-array

  /** See $NetworkService.udp-open. */
  udp-open client/int port/int? -> ServiceResource:
    return give_ client (network_.udp-open --port=port)

  udp-open-multicast_ client/int arguments/List -> ServiceResource:
    network := network_
    if network is not udp.MulticastInterface: throw "UNSUPPORTED"
    socket := (network as udp.MulticastInterface).udp-open-multicast
        --port=arguments[2]
        --if-addr=(arguments[3] and net.IpAddress arguments[3])
        --reuse-address=arguments[4]
        --reuse-port=arguments[5]
        --loopback=arguments[6]
        --ttl=arguments[7]
    if arguments[1]: socket.multicast-add-membership (net.IpAddress arguments[1])
    return give_ client socket

  /** See $NetworkService.tcp-connect. */
  tcp-connect client/int ip/ByteArray port/int -> ServiceResource:
    return give_ client (network_.tcp-connect (net.SocketAddress (net.IpAddress ip) port))

  /** See $NetworkService.tcp-listen. */
  tcp-listen client/int port/int -> ServiceResource:
    return give_ client (network_.tcp-listen port)

  /** The network, if it is one that can open sockets at one interface. */
  client-network_ -> net.Client:
    network := network_
    if network is not net.Client: throw "UNSUPPORTED"
    return network as net.Client

  give_ client/int socket -> ServiceResource:
    return SocketResource_ this client socket

  socket_ client/int handle/int -> any:
    return ((resource client handle) as SocketResource_).socket

/** A socket of a network that is passed on. */
class SocketResource_ extends ServiceResource:
  socket/any

  constructor provider/ServiceProvider client/int .socket:
    super provider client

  on-closed -> none:
    socket.close

/** The client's end of a socket. */
class SocketProxy_ extends ServiceResourceProxy with io.CloseableInMixin io.CloseableOutMixin:
  /** The number of bytes that one call sends. */
  static WRITE-SIZE-MAX_ ::= 64 * 1024

  constructor client/NetworkServiceClientBase handle/int:
    super client handle

  local-address -> net.SocketAddress:
    return socket-address_ (service_.socket-local-address open-handle_) 0

  peer-address -> net.SocketAddress:
    return socket-address_ (service_.socket-peer-address open-handle_) 0

  read -> ByteArray?:
    return read_

  read_ -> ByteArray?:
    return service_.socket-read open-handle_

  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    return try-write_ data from to

  try-write_ data/io.Data from/int to/int -> int:
    to = min to (from + WRITE-SIZE-MAX_)
    // Large byte arrays are handed over to the provider. The caller keeps its own.
    return service_.socket-write open-handle_ (ByteArray.from data from to)

  mtu -> int:
    return service_.socket-mtu open-handle_

  /** Deprecated. Use $(out).close. */
  close-write -> none:
    out.close

  close-writer_ -> none:
    if not is-closed: service_.tcp-close-write handle_

  close-reader_ -> none:
    // No service closes this direction alone.

  get-option_ option/int -> any:
    return service_.socket-get-option open-handle_ option

  set-option_ option/int value -> none:
    service_.socket-set-option open-handle_ option value

  open-handle_ -> int:
    if is-closed: throw "NOT_CONNECTED"
    return handle_

  service_ -> NetworkServiceClientBase:
    return client_ as NetworkServiceClientBase

/** The client's end of a TCP connection. */
class TcpSocketProxy_ extends SocketProxy_ implements tcp.Socket:
  constructor client/NetworkServiceClientBase handle/int:
    super client handle

  no-delay -> bool:
    return get-option_ NetworkService.SOCKET-OPTION-TCP-NO-DELAY

  no-delay= value/bool -> none:
    set-option_ NetworkService.SOCKET-OPTION-TCP-NO-DELAY value

  keep-alive -> bool:
    return get-option_ NetworkService.SOCKET-OPTION-TCP-KEEP-ALIVE

  keep-alive= value/bool -> none:
    set-option_ NetworkService.SOCKET-OPTION-TCP-KEEP-ALIVE value

  window-size -> int:
    return get-option_ NetworkService.SOCKET-OPTION-TCP-WINDOW-SIZE

  window-size= value/int -> none:
    set-option_ NetworkService.SOCKET-OPTION-TCP-WINDOW-SIZE value

/** The client's end of a socket that listens. */
class TcpServerSocketProxy_ extends ServiceResourceProxy implements tcp.ServerSocket:
  constructor client/NetworkServiceClientBase handle/int:
    super client handle

  local-address -> net.SocketAddress:
    return socket-address_ (service_.socket-local-address open-handle_) 0

  accept -> tcp.Socket?:
    return TcpSocketProxy_ service_ (service_.tcp-accept open-handle_)

  open-handle_ -> int:
    if is-closed: throw "NOT_CONNECTED"
    return handle_

  service_ -> NetworkServiceClientBase:
    return client_ as NetworkServiceClientBase

/** The client's end of a UDP socket. */
class UdpSocketProxy_ extends SocketProxy_ implements udp.Socket udp.MulticastSocket:
  constructor client/NetworkServiceClientBase handle/int:
    super client handle

  receive -> udp.Datagram:
    received := service_.udp-receive open-handle_
    return udp.Datagram received[0] (socket-address_ received 1)

  send datagram/udp.Datagram -> none:
    address := datagram.address
    service_.udp-send open-handle_ datagram.data address.ip.to-byte-array address.port

  connect address/net.SocketAddress -> none:
    service_.udp-connect open-handle_ address.ip.to-byte-array address.port

  broadcast -> bool:
    return get-option_ NetworkService.SOCKET-OPTION-UDP-BROADCAST

  broadcast= value/bool:
    set-option_ NetworkService.SOCKET-OPTION-UDP-BROADCAST value

  multicast-add-membership address/net.IpAddress:
    set-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-MEMBERSHIP address.to-byte-array

  multicast-leave-membership address/net.IpAddress:
    set-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-LEAVE address.to-byte-array

  multicast-loopback -> bool:
    return get-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-LOOPBACK

  multicast-loopback= value/bool:
    set-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-LOOPBACK value

  multicast-ttl -> int:
    return get-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-TTL

  multicast-ttl= value/int:
    set-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-TTL value

  reuse-address -> bool:
    return get-option_ NetworkService.SOCKET-OPTION-UDP-REUSE-ADDRESS

  reuse-address= value/bool:
    set-option_ NetworkService.SOCKET-OPTION-UDP-REUSE-ADDRESS value

  reuse-port -> bool:
    return get-option_ NetworkService.SOCKET-OPTION-UDP-REUSE-PORT

  reuse-port= value/bool:
    set-option_ NetworkService.SOCKET-OPTION-UDP-REUSE-PORT value

  multicast-interface -> net.IpAddress:
    return net.IpAddress (get-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-IF)

  multicast-interface= address/net.IpAddress:
    set-option_ NetworkService.SOCKET-OPTION-UDP-MULTICAST-IF address.to-byte-array

/** The parts of an address, as they are sent. */
address-parts_ address/net.SocketAddress -> List:
  return [address.ip.to-byte-array, address.port]

/** The inverse of $address-parts_: the parts begin at an index of a list. */
socket-address_ parts/List index/int -> net.SocketAddress:
  return net.SocketAddress (net.IpAddress parts[index]) parts[index + 1]
