import io
import net
import net.tcp
import reader

import .certificate
import .session

/** A connection that is encrypted. Closing it closes the connection below. */
class Socket extends Object with io.CloseableInMixin io.CloseableOutMixin implements tcp.Socket reader.Reader:
  /** The most bytes that encryption adds to a packet. */
  static TLS-HEADER-SIZE_ ::= 29

  socket_/tcp.Socket
  session_/Session

  /** Makes a client of the connection $socket_. See $Session.client. */
  constructor.client .socket_
      --server-name/string?=null
      --certificate/Certificate?=null
      --root-certificates/List=[]
      --handshake-timeout/Duration=Session.DEFAULT-HANDSHAKE-TIMEOUT
      --skip-certificate-validation/bool=false:
    session_ = Session.client socket_.in socket_.out
        --server-name=server-name
        --certificate=certificate
        --root-certificates=root-certificates
        --handshake-timeout=handshake-timeout
        --skip-certificate-validation=skip-certificate-validation

  /** Makes a server of the connection $socket_. See $Session.server. */
  constructor.server .socket_
      --certificate/Certificate
      --root-certificates/List=[]
      --handshake-timeout/Duration=Session.DEFAULT-HANDSHAKE-TIMEOUT:
    session_ = Session.server socket_.in socket_.out
        --certificate=certificate
        --root-certificates=root-certificates
        --handshake-timeout=handshake-timeout

  /** See $Session.handshake. */
  handshake -> none:
    no-delay := socket_.no-delay
    socket_.no-delay = true
    session_.handshake
    socket_.no-delay = no-delay

  /** See $Session.session-state. */
  session-state -> ByteArray?:
    return session_.session-state

  /** See $Session.session-state=. */
  session-state= state/ByteArray -> none:
    session_.session-state = state

  /** See $Session.mode. */
  session-mode -> int:
    return session_.mode

  /** See $Session.resumed. */
  session-resumed -> bool:
    return session_.resumed

  /** Deprecated. Use $(in).read. */
  read -> ByteArray?:
    return read_

  read_ -> ByteArray?:
    return session_.read

  /** Deprecated. Use $(out).write. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    return try-write_ data from to

  try-write_ data/io.Data from/int to/int -> int:
    return session_.write data from to

  /** Closes both directions, and the connection below. */
  close -> none:
    session_.close
    socket_.close

  /** Deprecated. Use $(out).close. */
  close-write -> none:
    out.close

  close-writer_ -> none:
    session_.close-write
    socket_.out.close

  close-reader_ -> none:
    // TLS has no way to close this direction alone.

  local-address -> net.SocketAddress:
    return socket_.local-address

  peer-address -> net.SocketAddress:
    return socket_.peer-address

  no-delay -> bool:
    return socket_.no-delay

  no-delay= value/bool -> none:
    socket_.no-delay = value

  mtu -> int:
    return socket_.mtu - TLS-HEADER-SIZE_
