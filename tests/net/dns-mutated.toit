// Packets that are wrong in many ways: they are decoded, or refused with the one exception for that.

import expect show *
import io
import net
import net.modules.dns

ROUNDS ::= 1_500

main:
  set-random-seed "packets"
  packets := seeds
  decoded := 0
  refused := 0
  ROUNDS.repeat:
    packet/ByteArray := packets[random packets.size].copy
    (1 + (random 4)).repeat: packet = mutate packet packets
    [true, false].do: | mdns/bool |
      error := catch: use (dns.decode-packet packet --mdns=mdns)
      if error: expect (error is dns.DnsException) --message="$error"
      if error: refused++
      else: decoded++
    check-name packet
  expect decoded > 100
  expect refused > 100
  test-slow-packets
  // expect: done
  print "done"

/** Encodes what was decoded again. */
use packet/dns.DecodedPacket -> none:
  // Names that contain dots or are empty cannot be encoded.
  error := catch:
    dns.create-dns-packet packet.questions packet.resources
        --id=packet.id
        --is-response=packet.is-response
        --authorities=packet.authorities
        --additionals=packet.additionals
  if error: expect (error is dns.DnsException) --message="$error"

/** Both ways to decode a name agree, except in what they throw at the end of the bytes. */
check-name packet/ByteArray -> none:
  position := random (packet.size + 1)
  one := null
  error := catch: one = dns.decode-name packet position: null
  if error: expect (error is dns.DnsException) --message="$error"
  other := null
  error = catch: other = dns.decode-name (io.Reader packet[position..]) packet
  if error: expect (error is dns.DnsException or error == io.Reader.UNEXPECTED-END-OF-READER) --message="$error"
  expect-equals one other

seeds -> List:
  questions := [dns.Question "a.example.test" dns.RECORD-A, dns.Question "example.test" dns.RECORD-ANY --unicast-ok]
  records := [
    dns.AResource "a.example.test" 1 (net.IpAddress.parse "1.2.3.4"),
    dns.AResource "a.example.test" 2 (net.IpAddress.parse "2001:db8::1") --flush,
    dns.StringResource "b.example.test" dns.RECORD-CNAME 3 false "a.example.test",
    dns.StringResource "b.example.test" dns.RECORD-PTR 4 false "a.b.example.test",
    dns.StringResource "example.test" dns.RECORD-TXT 5 false "a text",
    dns.SrvResource "example.test" dns.RECORD-SRV 6 false "b.example.test" 7 8 9,
  ]
  return [
    dns.create-dns-packet questions [] --id=1 --is-response=false,
    dns.create-dns-packet questions records --id=2 --is-response --is-authoritative,
    dns.create-dns-packet [] records --id=3 --is-response --authorities=records --additionals=records,
    ByteArray 12,
  ]

mutate packet/ByteArray packets/List -> ByteArray:
  if packet.is-empty: return #[1]
  at := random packet.size
  kind := random 6
  if kind == 0: packet[at] = random 256
  if kind == 1: packet[at] ^= 1 << (random 8)
  if kind == 2: packet = packet[..at]
  if kind == 3: packet = packet[..at] + packet[random packet.size..]
  if kind == 4:
    other/ByteArray := packets[random packets.size]
    packet = packet[..at] + other[random other.size..]
  // A pointer.
  if kind == 5 and at + 1 < packet.size:
    packet[at] = 0xc0
    packet[at + 1] = random packet.size
  return packet.copy

/** The largest packets whose names are as slow to decode as they can be: each is a chain of pointers. */
test-slow-packets -> none:
  [true, false].do: | ends/bool |
    chain := io.Buffer
    chain.write #[0, 0, 0x80, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
    chain.write-byte 0
    chain.big-endian.write-uint16 1
    chain.big-endian.write-uint16 1
    start := chain.size
    chain.big-endian.write-uint16 (ends ? 0xc00c : 0xc000 | start)
    125.repeat: chain.big-endian.write-uint16 (0xc000 | chain.size - 2)
    // Questions with that name.
    while chain.size < 65_500:
      chain.big-endian.write-uint16 (0xc000 | start + 250)
      chain.big-endian.write-uint16 1
      chain.big-endian.write-uint16 1
    error := catch: dns.decode-packet chain.bytes
    expect (error is dns.DnsException)
