/** TCP sockets that are made first and connected later. New programs use $net.Interface.tcp-connect. */

import io
import net
import net.tcp
import net.udp
import reader show Reader

import .mtu

/** A socket that is used once it is connected or listens. */
class TcpSocket_:
  network_/udp.Interface
  socket_/any := null

  constructor .network_:

  local-address -> net.SocketAddress:
    return connected_.local-address

  mtu -> int:
    return TOIT-MTU-TCP

  close -> none:
    socket := socket_
    socket_ = null
    if socket: socket.close

  /** Replaces the socket. */
  open_ socket -> none:
    close
    socket_ = socket

  connected_ -> any:
    if not socket_: throw "NOT_CONNECTED"
    return socket_

/** A socket that listens for connections. */
class TcpServerSocket extends TcpSocket_ implements tcp.ServerSocket:
  constructor network/udp.Interface:
    super network

  /** The $backlog has no effect: the network determines it. */
  constructor network/udp.Interface backlog/int:
    super network

  /** Listens at a $port of the interface with the $address, or of all interfaces if that is empty or "0.0.0.0". */
  listen address/string port/int -> none:
    network := network_ as net.Interface
    if address == "" or address == "0.0.0.0":
      open_ (network.tcp-listen port)
    else:
      if network is not net.Client: throw "UNSUPPORTED"
      at := net.SocketAddress (network.resolve address).first port
      open_ ((network as net.Client).tcp-listen-at at)

  accept -> tcp.Socket?:
    return accept: throw it

  /** Variant of $accept that calls the block with the error if it fails. */
  accept [failure] -> tcp.Socket?:
    accepted/tcp.Socket? := null
    error := catch: accepted = connected_.accept
    if error: return failure.call error
    socket := TcpSocket network_
    socket.open_ accepted
    return socket

/** A connection. */
class TcpSocket extends TcpSocket_ with io.CloseableInMixin io.CloseableOutMixin implements tcp.Socket Reader:
  window-size_/int

  constructor network/udp.Interface:
    return TcpSocket network 0

  /**
  The $window-size is the number of bytes that the system keeps until they are read. If it is 0, the
    system chooses it.
  */
  constructor network/udp.Interface window-size/int:
    window-size_ = window-size
    super network

  /** The number of bytes that the system keeps until they are read. Some systems keep more than was asked for. */
  window-size -> int:
    return connected_.window-size

  peer-address -> net.SocketAddress:
    return connected_.peer-address

  /** Whether the peer is asked from time to time whether it is still there. */
  keep-alive -> bool:
    return connected_.keep-alive

  keep-alive= value/bool:
    connected_.keep-alive = value

  no-delay -> bool:
    return connected_.no-delay

  no-delay= value/bool -> none:
    connected_.no-delay = value

  connect hostname/string port/int -> none:
    connect hostname port: throw it

  /** Variant of $connect that calls the block with the error if it fails. */
  connect hostname/string port/int [failure] -> any:
    network := network_ as net.Interface
    error := catch:
      open_ (network.tcp-connect hostname port)
      if window-size_ > 0: connected_.window-size = window-size_
    return error and failure.call error

  /** Deprecated. Use $(in).read. */
  read -> ByteArray?:
    return read_

  read_ -> ByteArray?:
    return connected_.read_

  /** Deprecated. Use $(out).write. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    return try-write_ data from to

  try-write_ data/io.Data from/int to/int -> int:
    return connected_.try-write_ data from to

  /** Deprecated. Use $(out).close. */
  close-write -> none:
    out.close

  close-reader_ -> none:
    // TCP has no way to close this direction alone.

  close-writer_ -> none:
    if socket_: socket_.close-writer_
