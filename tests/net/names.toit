// Names and addresses.

import expect show *
import net

main:
  network := net.open
  expect-equals "host" network.name
  expect-equals "127.0.0.1" (network.resolve "localhost").first.stringify
  expect-equals "10.1.2.3" (network.resolve "10.1.2.3").first.stringify
  // Names under "invalid" never exist.
  error := catch: network.resolve "nothing.invalid"
  expect (error.starts-with "Host name lookup failure: 'nothing.invalid'")

  address := net.IpAddress.parse "192.168.0.1"
  expect-equals #[192, 168, 0, 1] address.to-byte-array
  expect-equals address (net.IpAddress.deserialize address.to-byte-array)
  expect-not address.is-ipv6
  six := net.IpAddress (ByteArray 16: it == 15 ? 1 : 0)
  expect six.is-ipv6
  expect-equals "0:0:0:0:0:0:0:1" six.stringify
  ["1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.x", ""].do: | text/string |
    expect-not-null (catch: net.IpAddress.parse text)
    expect-not (net.IpAddress.is-valid text)
  expect-not (net.IpAddress.is-valid "01.2.3.4")
  expect (net.IpAddress.is-valid "0.2.3.4")
  ["::", "::1", "1::", "2001:db8::1234:5678", "1:2:3:4:5:6:7:8"].do:
    expect-not (net.IpAddress.is-valid it)
    expect (net.IpAddress.is-valid it --accept-ipv6)
  ["1:2:3:4:5:6:7", "1::2::3", "1:2:3:4:5:6:7:8:9", "12345::", ":", "g::"].do:
    expect-not (net.IpAddress.is-valid it --accept-ipv6)

  both := net.SocketAddress address 80
  expect-equals "192.168.0.1:80" both.stringify
  expect-equals both (net.SocketAddress.deserialize both.to-byte-array)
  expect-equals both.hash-code (net.SocketAddress.deserialize both.to-byte-array).hash-code
  // expect: done
  print "done"
