// The encoding of packets of the domain name system.

import expect show *
import io
import net
import net.modules.dns

HEADER ::= #[0x12, 0x34, 0x84, 0, 0, 1, 0, 0, 0, 0, 0, 0]

main:
  test-bytes
  test-all-records
  test-names
  test-bad-names
  test-bad-packets
  test-unknown-records
  test-flags
  // expect: done
  print "done"

test-bytes:
  question := dns.Question "b.example" dns.RECORD-PTR --unicast-ok
  record := dns.StringResource "b.example" dns.RECORD-PTR 258 true "a.b.example"
  packet := dns.create-dns-packet [question] [record] --id=0x1234 --is-response --is-authoritative
  expected := #[0x12, 0x34, 0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0,
      1, 'b', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 12, 0x80, 1,
      0xc0, 12, 0, 12, 0x80, 1, 0, 0, 1, 2, 0, 4, 1, 'a', 0xc0, 12]
  expect-equals expected packet

test-all-records:
  six := net.IpAddress.parse "2001:db8::7"
  answers := [
    dns.AResource "four.test" 1 (net.IpAddress.parse "1.2.3.4"),
    dns.AResource "six.test" 2 six --flush,
    dns.StringResource "alias.test" dns.RECORD-CNAME 3 false "four.test",
    dns.StringResource "text.test" dns.RECORD-TXT 4 false "größe=1",
    dns.StringResource "text.test" dns.RECORD-TXT 4 false "",
  ]
  authorities := [dns.StringResource "_http._tcp.test" dns.RECORD-PTR 5 false "My printer._http._tcp.test"]
  additionals := [
    dns.SrvResource "My printer._http._tcp.test" dns.RECORD-SRV 6 true "four.test" 7 8 0xffff,
    dns.TxtResource "text.test" 9 false ["one", "two"],
    dns.TxtResource "text.test" 9 false [],
  ]
  decoded := dns.decode-packet
      dns.create-dns-packet [] answers
          --id=7
          --is-response
          --authorities=authorities
          --additionals=additionals
  expect decoded.is-response
  expect-not decoded.is-authoritative
  expect-equals 7 decoded.id
  expect-equals ["four.test", "six.test", "alias.test", "text.test", "text.test"] (decoded.resources.map: it.name)
  expect-equals [1, 2, 3, 4, 4] (decoded.resources.map: it.ttl)
  expect-equals [false, true, false, false, false] (decoded.resources.map: it.flush)
  expect-equals "1.2.3.4" (decoded.resources[0] as dns.AResource).address.stringify
  expect-equals six (decoded.resources[1] as dns.AResource).address
  alias := decoded.resources[2] as dns.StringResource
  expect (alias.is-cname and not alias.is-ptr and not alias.is-txt)
  expect-equals "four.test" alias.value
  expect-equals ["größe=1", ""] (decoded.resources[3..].map: it.value)
  expect-equals ["My printer._http._tcp.test"] (decoded.authorities.map: it.value)
  service := decoded.additionals[0] as dns.SrvResource
  expect-equals ["four.test", 7, 8, 0xffff] [service.value, service.priority, service.weight, service.port]
  expect-equals ["one", ""] (decoded.additionals[1..].map: it.value)

test-names:
  packet := HEADER + #[1, 'a', 1, 'b', 0, 1, 'c', 0xc0, 14, 0xc0, 17]
  expect-equals "a.b" (dns.decode-name (io.Reader packet[12..]) packet)
  reader := io.Reader packet[17..]
  expect-equals "c.b" (dns.decode-name reader packet)
  expect-equals 4 reader.processed
  end := 0
  expect-equals "c.b" (dns.decode-name packet 21: end = it)
  expect-equals 23 end
  // The longest name.
  label := "abcdefghi" * 7
  name := [label, label, label, label[..61]].join "."
  question := dns.Question name dns.RECORD-A
  decoded := dns.decode-packet (dns.create-dns-packet [question] [] --id=0 --is-response=false)
  expect-equals name decoded.questions.first.name
  // Names that are far back in a packet have no pointers to them.
  texts := List 100: dns.StringResource "name-$(it).test" dns.RECORD-TXT 1 false "0123456789" * 20
  packet = dns.create-dns-packet [] texts + texts --id=0 --is-response
  expect-equals ((texts + texts).map: it.name) ((dns.decode-packet packet).resources.map: it.name)

test-bad-names:
  encode := : | name/string |
    dns.create-dns-packet [dns.Question name dns.RECORD-A] [] --id=0 --is-response=false
  error := catch: encode.call "a" * 64
  expect-equals "DNS name parts cannot exceed 63 bytes" (error as dns.DnsException).text
  ["", ".", "a.", ".a", "a..b"].do: | name/string |
    error = catch: encode.call name
    expect-equals "DNS name parts cannot be empty" (error as dns.DnsException).text
  error = catch: encode.call ((List 64: "abc").join ".")
  expect-equals "DNS names cannot exceed 253 bytes" (error as dns.DnsException).text
  error = catch:
    text := dns.StringResource "a" dns.RECORD-TXT 1 false "a" * 256
    dns.create-dns-packet [] [text] --id=0 --is-response
  expect-equals "TXT records cannot exceed 255 bytes" (error as dns.DnsException).text

test-bad-packets:
  refuse := : | bytes/ByteArray |
    error := catch: dns.decode-packet bytes
    expect-equals "DNS lookup exception DNS protocol error" error.stringify
  // Names that end too early, point outside or in a circle, have reserved sizes, are too long, or are not UTF-8.
  [
    #[], #[3, 'a'], #[0xc0], #[0xc0, 12], #[0xc0, 99], #[0xc0, 14, 0xc0, 12], #[0x40, 0], #[0x80, 0],
    #[1, 'a', 0xc0, 12], #[1, 0xff, 0],
  ].do: | name/ByteArray | refuse.call HEADER + name
  refuse.call HEADER[..11]
  refuse.call HEADER + #[0, 0, 1, 0]
  // The class is not that of the internet.
  refuse.call HEADER + #[0, 0, 1, 0, 2]
  // Records with data of the wrong size, or that is longer than the record.
  record := : | type/int data/ByteArray |
    packet := HEADER.copy
    packet[5] = 0
    packet[7] = 1
    packet + #[0, 0, type, 0, 1, 0, 0, 0, 1, 0, data.size] + data
  refuse.call (record.call dns.RECORD-A #[1, 2, 3])
  refuse.call (record.call dns.RECORD-A #[1, 2, 3, 4, 5])
  refuse.call (record.call dns.RECORD-AAAA #[1, 2, 3, 4])
  refuse.call (record.call dns.RECORD-TXT #[2, 'a']) + #['b']
  refuse.call (record.call dns.RECORD-PTR #[1]) + #['a', 0]
  refuse.call (record.call dns.RECORD-SRV #[0, 0, 0, 0, 0])
  refuse.call (record.call dns.RECORD-A #[1, 2, 3, 4])[..26]
  expect-equals 1 (dns.decode-packet (record.call dns.RECORD-A #[1, 2, 3, 4])).resources.size

test-unknown-records:
  packet := dns.create-dns-packet [] [dns.AResource "a" 1 (net.IpAddress.parse "1.2.3.4")] --id=0 --is-response
  packet[11] = 1
  // A record of type 41, whose class is a size.
  packet += #[0, 0, 41, 0x10, 0, 0, 0, 0, 0, 0, 2, 1, 2]
  decoded := dns.decode-packet packet
  expect-equals 1 decoded.resources.size
  expect-equals [] decoded.additionals

test-flags:
  decoded := decode-status 0x8780
  expect decoded.is-response
  expect decoded.is-authoritative
  expect decoded.is-truncated
  expect decoded.is-recursion-desired
  expect decoded.is-recursion-available
  expect-equals 0 decoded.opcode
  expect-equals 0 decoded.error-code
  expect-equals 2 (decode-status 0x1000).opcode
  [0x10, 0x20, 0x40, 0x1800, 0x7800].do: | status/int |
    expect ((catch: decode-status status) is dns.DnsException)
  // Multicast DNS ignores three of them.
  expect-equals 0x8100 (decode-status 0x8170 --mdns).status-bits
  error := catch: decode-status 0x8002
  expect-equals "DNS lookup for 'name.test' exception Server responded: SERVER_FAILURE" error.stringify

decode-status status/int --mdns/bool=false -> dns.DecodedPacket:
  packet := ByteArray 12
  io.BIG-ENDIAN.put-uint16 packet 2 status
  return dns.decode-packet packet --mdns=mdns --error-name="name.test"
