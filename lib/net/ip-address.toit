/** An address of a machine, in version 4 or 6 of the Internet Protocol. */
class IpAddress:
  /** The bytes of the address, 4 or 16, most significant first. */
  raw/ByteArray ::= ?

  /** Constructs an address from its bytes, a byte array or a list. */
  constructor bytes/any:
    if bytes.size != 4 and bytes.size != 16: throw "BAD_FORMAT"
    raw = bytes is ByteArray ? bytes : ByteArray bytes.size: bytes[it]

  /** The inverse of $to-byte-array. */
  constructor.deserialize bytes/ByteArray:
    return IpAddress bytes

  /** Parses an address, such as `192.168.0.1` or `2001:db8::1`. */
  constructor.parse ip/string:
    raw = (ip.contains ":") ? parse-6_ ip : parse-4_ ip

  static parse-4_ text/string -> ByteArray:
    parts := text.split "."
    if parts.size != 4: throw "BAD_FORMAT"
    return ByteArray 4: | index/int |
      value := int.parse parts[index]
      if not 0 <= value <= 255: throw "BAD_FORMAT"
      value

  static parse-6_ text/string -> ByteArray:
    if not is-valid-6_ text: throw "BAD_FORMAT"
    raw := ByteArray 16
    halves := text.split "::"
    write-groups_ raw halves.first --from-start
    if halves.size == 2: write-groups_ raw halves.last --no-from-start
    return raw

  /** Writes the groups of digits of $text, which can be empty, at the start or at the end of $raw. */
  static write-groups_ raw/ByteArray text/string --from-start/bool -> none:
    if text == "": return
    groups := text.split ":"
    at := from-start ? 0 : raw.size - 2 * groups.size
    groups.do: | group/string |
      value := int.parse group --radix=16
      raw[at++] = value >> 8
      raw[at++] = value & 0xff

  /** Whether this is an address of version 6. */
  is-ipv6 -> bool:
    return raw.size == 16

  operator == other -> bool:
    return other is IpAddress and raw == other.raw

  hash-code -> int:
    code := 0
    raw.do: code = (code * 11 + it) & 0xf_ffff
    return code

  stringify -> string:
    if not is-ipv6: return (List 4: raw[it].stringify).join "."
    return (List 8: (raw[it * 2] << 8 | raw[it * 2 + 1]).stringify 16).join ":"

  to-byte-array -> ByteArray:
    return raw

  /** Whether $str is an address in text form. With $accept-ipv6, also one of version 6, such as `2001:db8::1`. */
  static is-valid str/string --accept-ipv4/bool=true --accept-ipv6/bool=false -> bool:
    return accept-ipv4 and is-valid-4_ str or accept-ipv6 and is-valid-6_ str

  static is-valid-4_ str/string -> bool:
    parts := str.split "."
    return parts.size == 4 and parts.every: is-byte_ it

  static is-byte_ part/string -> bool:
    if not 1 <= part.size <= 3 or part.size > 1 and part[0] == '0': return false
    return (part.to-byte-array.every: '0' <= it <= '9') and (int.parse part) <= 255

  /** An address has eight groups of digits, or fewer and `::` in one place for the others. */
  static is-valid-6_ str/string -> bool:
    halves := str.split "::"
    if halves.size > 2: return false
    count := 0
    halves.do: | half/string |
      if half != "":
        groups := half.split ":"
        if not (groups.every: is-group_ it): return false
        count += groups.size
    return halves.size == 2 ? count < 8 : count == 8

  static is-group_ part/string -> bool:
    return 1 <= part.size <= 4 and part.to-byte-array.every:
      '0' <= it <= '9' or 'a' <= it <= 'f' or 'A' <= it <= 'F'
