import encoding.tison
import io

import .ip-address
import .socket-address

/** A network with UDP. */
interface Interface:
  udp-open -> Socket

  /** Opens a socket at a $port; at a free port if it is null. */
  udp-open --port/int? -> Socket

/** A message: its data, and the address that it comes from or goes to. */
class Datagram:
  data/ByteArray := ?
  address/SocketAddress := ?

  constructor .data .address:

  /** The inverse of $to-byte-array. */
  constructor.deserialize bytes/ByteArray:
    parts := tison.decode bytes
    return Datagram parts[0] (SocketAddress.deserialize parts[1])

  to-byte-array -> ByteArray:
    return tison.encode [data, address.to-byte-array]

/** A socket for datagrams. */
interface Socket:
  local-address -> SocketAddress

  /** Waits for a datagram. */
  receive -> Datagram

  /** Sends a datagram to its address. */
  send datagram/Datagram -> none

  /** Determines the peer for $read and $write. Datagrams of others are not received any more. */
  connect address/SocketAddress -> none

  /** Waits for a datagram of the peer. Returns its data; null if the socket is closed. */
  read -> ByteArray?

  /** Sends a datagram to the peer. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int

  close -> none

  /** The number of bytes that a datagram can have without being divided. */
  mtu -> int

  /** Whether datagrams can be sent to broadcast addresses. */
  broadcast -> bool
  broadcast= value/bool

/** A socket for groups of receivers. */
interface MulticastSocket extends Socket:
  /** Whether sockets of this machine receive what this one sends to a group. */
  multicast-loopback -> bool
  multicast-loopback= value/bool

  /** The number of networks that a datagram to a group can cross. */
  multicast-ttl -> int
  multicast-ttl= value/int

  /** Whether several sockets can use the address. */
  reuse-address -> bool
  reuse-address= value/bool

  /** Whether several sockets can use the port. */
  reuse-port -> bool
  reuse-port= value/bool

  /** Joins a group: its datagrams are received. */
  multicast-add-membership address/IpAddress

  /** Leaves a group. */
  multicast-leave-membership address/IpAddress

  /** The address of the interface for datagrams to groups. */
  multicast-interface -> IpAddress
  multicast-interface= address/IpAddress

/** A network with multicast. */
interface MulticastInterface:
  /**
  Opens a socket for multicast, which is in no group.

  Without a $port, it gets a free one. Without $if-addr, the system chooses the interface for what
    is sent. The other parameters are those of $MulticastSocket.
  */
  udp-open-multicast -> MulticastSocket
      --port/int?=null
      --if-addr/IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1

  /** Deprecated. Use the other variant, and $MulticastSocket.multicast-add-membership. */
  udp-open-multicast -> MulticastSocket
      address/IpAddress
      port/int
      --if-addr/IpAddress?=null
      --reuse-address/bool=true
      --reuse-port/bool=false
      --loopback/bool=true
      --ttl/int=1
