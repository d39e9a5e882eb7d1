/** UDP sockets. New programs use $net.Interface.udp-open. */

import io
import net
import net.udp

import .mtu

/** A socket for datagrams. */
class Socket implements udp.Socket udp.MulticastSocket:
  socket_/any := ?

  constructor network/net.Interface:
    socket_ = network.udp-open

  /**
  Opens a socket at a $port of the interface with the address $hostname, or of all interfaces if that is "0.0.0.0".

  Port 0 stands for a free port.
  */
  constructor network/net.Interface hostname/string port/int:
    if hostname == "0.0.0.0":
      socket_ = network.udp-open --port=port
    else:
      if network is not net.Client: throw "UNSUPPORTED"
      at := net.SocketAddress (network.resolve hostname).first port
      socket_ = (network as net.Client).udp-open-at at

  /** See $udp.MulticastInterface.udp-open-multicast. */
  constructor.multicast network/net.Client
      --port/int?=null
      --if-addr/net.IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1:
    socket_ = network.udp-open-multicast
        --port=port
        --if-addr=if-addr
        --reuse-address=reuse-address
        --reuse-port=reuse-port
        --loopback=loopback
        --ttl=ttl

  /** Deprecated. Use the other variant, and $multicast-add-membership. */
  constructor.multicast network/net.Client
      address/net.IpAddress
      port/int
      --if-addr/net.IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1:
    socket_ = network.udp-open-multicast address port
        --if-addr=if-addr
        --reuse-address=reuse-address
        --reuse-port=reuse-port
        --loopback=loopback
        --ttl=ttl

  local-address -> net.SocketAddress:
    return open_.local-address

  close -> none:
    socket := socket_
    socket_ = null
    if socket: socket.close

  connect address/net.SocketAddress -> none:
    open_.connect address

  read -> ByteArray?:
    socket := open_
    return null-if-closed_: socket.read

  /** Waits for a datagram. Returns null if the socket is closed meanwhile. */
  receive -> udp.Datagram?:
    socket := open_
    return null-if-closed_: socket.receive

  null-if-closed_ [block] -> any:
    catch --unwind=(: socket_ != null or it != "NOT_CONNECTED"): return block.call
    return null

  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    return open_.write data from to

  send datagram/udp.Datagram -> none:
    open_.send datagram

  mtu -> int:
    return TOIT-MTU-UDP

  broadcast -> bool:
    return open_.broadcast

  broadcast= value/bool:
    open_.broadcast = value

  multicast-add-membership address/net.IpAddress:
    open_.multicast-add-membership address

  multicast-leave-membership address/net.IpAddress:
    open_.multicast-leave-membership address

  multicast-loopback -> bool:
    return open_.multicast-loopback

  multicast-loopback= value/bool:
    open_.multicast-loopback = value

  multicast-ttl -> int:
    return open_.multicast-ttl

  multicast-ttl= value/int:
    open_.multicast-ttl = value

  multicast-interface -> net.IpAddress:
    return open_.multicast-interface

  multicast-interface= address/net.IpAddress:
    open_.multicast-interface = address

  reuse-address -> bool:
    return open_.reuse-address

  reuse-address= value/bool:
    open_.reuse-address = value

  reuse-port -> bool:
    return open_.reuse-port

  reuse-port= value/bool:
    open_.reuse-port = value

  open_ -> any:
    if not socket_: throw "NOT_CONNECTED"
    return socket_
