import io
import reader

import .socket-address

/** A network with TCP. */
interface Interface:
  /** Connects to a $port of a $host. */
  tcp-connect host/string port/int -> Socket

  /** Connects to an $address. */
  tcp-connect address/SocketAddress -> Socket

  /** Listens for connections at a $port. Port 0 stands for a free port. */
  tcp-listen port/int -> ServerSocket

/** A connection. */
interface Socket implements reader.Reader:
  local-address -> SocketAddress
  peer-address -> SocketAddress

  /** Whether small packets are sent at once. */
  no-delay -> bool
  no-delay= value/bool

  in -> io.CloseableReader
  out -> io.CloseableWriter

  /** Deprecated. Use $(in).read. */
  read -> ByteArray?

  /** Deprecated. Use $(out).write. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int

  /** The number of bytes that a packet can have without being divided. */
  mtu -> int

  /** Deprecated. Use $(out).close. */
  close-write

  /** Closes both directions. */
  close

/** A socket that listens for connections. */
interface ServerSocket:
  local-address -> SocketAddress

  /** Waits for a connection. */
  accept -> Socket?

  close
