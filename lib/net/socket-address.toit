import encoding.tison

import .ip-address

/** An address and a port. */
class SocketAddress:
  ip/IpAddress
  port/int

  constructor .ip .port:

  /** The inverse of $to-byte-array. */
  constructor.deserialize bytes/ByteArray:
    parts := tison.decode bytes
    return SocketAddress (IpAddress.deserialize parts[0]) parts[1]

  operator == other -> bool:
    return other is SocketAddress and ip == other.ip and port == other.port

  hash-code -> int:
    return (ip.hash-code * 11 + port * 1719) & 0xfff_ffff

  stringify -> string:
    return "$ip:$port"

  to-byte-array -> ByteArray:
    return tison.encode [ip.to-byte-array, port]
