// Look-ups with name servers that this program plays: retries, refusals, aliases, TCP, lies.
// no stress: a look-up waits only 50 ms for the answer with the other kind of address

import expect show *
import net
import net.modules.dns
import net.tcp
import net.udp

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

/** A name server, which answers with what a block returns for each question. */
class Server:
  socket/udp.Socket
  asked := []

  constructor network/net.Client:
    socket = network.udp-open

  address -> net.SocketAddress:
    return net.SocketAddress LOCALHOST socket.local-address.port

  /** Calls the lambda with each question and its number. Sends back the packets in the list that it returns. */
  serve answer/Lambda -> none:
    task --background::
      catch:
        while true:
          datagram := socket.receive
          packet := dns.decode-packet datagram.data
          question/dns.Question := packet.questions.first
          asked.add "$question.name $(dns.QTYPE-NAMES[question.type])"
          (answer.call question packet.id).do: socket.send (udp.Datagram it datagram.address)

/** A packet with an answer. */
answer question/dns.Question id/int records/List -> ByteArray:
  return dns.create-dns-packet [question] records --id=id --is-response

address name/string text/string --ttl/int=100 -> dns.AResource:
  return dns.AResource name ttl (net.IpAddress.parse text)

main:
  network := net.open
  test-types network
  test-both-kinds-of-addresses network
  test-aliases network
  test-next-server network
  test-unreachable-servers network
  test-errors network
  test-lies network
  test-timeout network
  test-over-tcp network
  test-known-names network
  test-defaults network
  // expect: done
  print "done"

test-types network/net.Client:
  server := Server network
  server.serve:: | question/dns.Question id/int |
    name := question.name
    record := null
    if question.type == dns.RECORD-TXT: record = dns.TxtResource name 100 false ["first", "second"]
    if question.type == dns.RECORD-PTR: record = dns.StringResource name question.type 100 false "target.test"
    if question.type == dns.RECORD-CNAME: record = dns.StringResource name question.type 100 false "other.test"
    if question.type == dns.RECORD-SRV: record = dns.SrvResource name question.type 100 false "host.test" 1 2 3
    [answer question id (record ? [record] : [])]
  client := dns.DnsClient [server.address]
  look-up := : client.get "name.test" --record-types=[it] --network=network
  expect-equals ["first"] (look-up.call dns.RECORD-TXT)
  expect-equals ["target.test"] (look-up.call dns.RECORD-PTR)
  expect-equals ["other.test"] (look-up.call dns.RECORD-CNAME)
  expect-equals [] (look-up.call dns.RECORD-A)
  service/dns.SrvResource := (look-up.call dns.RECORD-SRV).first
  expect-equals ["host.test", 1, 2, 3] [service.value, service.priority, service.weight, service.port]
  expect-equals [] (client.get "name.test" --record-types=[] --network=network)
  error := catch: client.get "name.test" --network=network
  expect-equals "DNS lookup for 'name.test' exception No name record found" error.stringify
  // Answers are kept, empty ones are not. Upper and lower case are the same name.
  server.socket.close
  expect-equals ["first"] (look-up.call dns.RECORD-TXT)
  expect-equals ["first"] (client.get "NAME.Test" --record-types=[dns.RECORD-TXT] --network=network)
  expect-not-null (catch: look-up.call dns.RECORD-A)

test-both-kinds-of-addresses network/net.Client:
  server := Server network
  server.serve:: | question/dns.Question id/int |
    text := question.type == dns.RECORD-A ? "10.0.0.1" : "2001:db8::1"
    question.name == "four.test" and question.type != dns.RECORD-A
        ? []
        : [answer question id [address question.name text]]
  client := dns.DnsClient [server.address]
  // On a busy machine the second answer can come too late: then another name is tried.
  both := []
  for i := 0; both.size < 2 and i < 100; i++:
    both = dns.dns-lookup-multi "both-$(i).test" --client=client --network=network --accept-ipv6
  expect-equals ["10.0.0.1", "2001:db8:0:0:0:0:0:1"] (both.map: it.stringify)
  // A server that does not answer one of the questions holds up the look-up only for a moment.
  one := dns.dns-lookup-multi "four.test" --client=client --network=network --accept-ipv6
  expect-equals ["10.0.0.1"] (one.map: it.stringify)
  six := client.get "both.test" --network=network --no-accept-ipv4 --accept-ipv6
  expect-equals "2001:db8:0:0:0:0:0:1" six.stringify
  server.socket.close

test-aliases network/net.Client:
  server := Server network
  server.serve:: | question/dns.Question id/int |
    alias := : | from to | dns.StringResource from dns.RECORD-CNAME 100 false to
    records := [
      address "end.test" "10.0.0.7",
      address "stranger.test" "10.0.0.8",
      alias.call "middle.test" "END.test",
      alias.call "START.test" "middle.test",
      alias.call "loop.test" "loop.test",
    ]
    [answer question id records]
  client := dns.DnsClient [server.address]
  expect-equals "10.0.0.7" (client.get "start.test" --network=network).stringify
  error := catch: client.get "loop.test" --network=network
  expect (error.stringify.ends-with "No name record found")
  server.socket.close

test-next-server network/net.Client:
  silent := Server network
  silent.serve:: []
  good := Server network
  good.serve:: | question/dns.Question id/int | [answer question id [address question.name "10.0.0.2"]]
  client := dns.DnsClient [silent.address, good.address]
  // The client stays with the server that has answered. On a busy machine that can come too late sometimes.
  20.repeat: expect-equals "10.0.0.2" (client.get "name-$(it).test" --network=network).stringify
  expect-equals "name-0.test A" silent.asked.first
  expect silent.asked.size < 10
  silent.socket.close
  good.socket.close

test-unreachable-servers network/net.Client:
  closed := Server network
  port := closed.address
  closed.socket.close
  good := Server network
  good.serve:: | question/dns.Question id/int | [answer question id [address question.name "10.0.0.3"]]
  client := dns.DnsClient [port, good.address]
  expect-equals "10.0.0.3" (client.get "one.test" --network=network).stringify
  good.socket.close
  // If no server can be reached, the look-up does not go on until its timeout.
  client = dns.DnsClient [port]
  expect-not-null (catch: client.get "one.test" --network=network --timeout=(Duration --h=1))

test-errors network/net.Client:
  server := Server network
  server.serve:: | question/dns.Question id/int |
    packet := answer question id []
    packet[3] |= question.name == "odd.test" ? 9 : dns.ERROR-NAME
    [packet]
  client := dns.DnsClient [server.address]
  error := catch: client.get "missing.test" --network=network
  expect-equals "DNS lookup for 'missing.test' exception Server responded: NO_SUCH_DOMAIN" error.stringify
  error = catch: client.get "odd.test" --network=network
  expect-equals "DNS lookup for 'odd.test' exception Server responded: error code 9" error.stringify
  // Such names are not sent.
  long := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.test"
  [long, "a..b", "", (List 60: "abcdef").join "."].do: | name/string |
    expect ((catch: client.get name --network=network) is dns.DnsException)
  expect-throw "INVALID_ARGUMENT": dns.DnsClient []
  expect-throw "INVALID_ARGUMENT": dns.DnsClient [53]
  expect-throw "BAD_FORMAT": dns.DnsClient ["5.5.5"]
  expect-throw "INVALID_ARGUMENT":
    dns.dns-lookup "a.test" --network=network --client=client --server="10.0.0.1"
  server.socket.close

test-lies network/net.Client:
  server := Server network
  server.serve:: | question/dns.Question id/int |
    liar := [address question.name "6.6.6.6"]
    another := dns.Question "another.test" question.type
    text := dns.Question question.name dns.RECORD-TXT
    [
      answer question (id + 1 & 0xffff) liar,
      answer another id liar,
      answer text id liar,
      dns.create-dns-packet [question] liar --id=id --is-response=false,
      dns.create-dns-packet [] liar --id=id --is-response,
      #[],
      #[1],
      (answer question id liar)[..20],
      answer question id [address question.name "10.0.0.4"],
      answer question id liar,
    ]
  client := dns.DnsClient [server.address]
  expect-equals "10.0.0.4" (client.get "true.test" --network=network).stringify
  server.socket.close

test-timeout network/net.Client:
  server := Server network
  server.serve:: []
  client := dns.DnsClient [server.address]
  expect-throw DEADLINE-EXCEEDED-ERROR:
    client.get "silent.test" --network=network --timeout=(Duration --ms=50)
  // That of the caller counts too.
  expect-throw DEADLINE-EXCEEDED-ERROR:
    with-timeout --ms=50: client.get "silent.test" --network=network
  server.socket.close

test-over-tcp network/net.Client:
  texts := List 40: "$it" * 100
  large := :: | question/dns.Question id/int |
    answer question id (texts.map: dns.StringResource question.name dns.RECORD-TXT 100 false it)
  // Both servers have the same port.
  listener/tcp.ServerSocket? := null
  server/Server? := null
  while not listener:
    server = Server network
    catch: listener = network.tcp-listen server.address.port
    if not listener: server.socket.close
  server.serve:: | question/dns.Question id/int |
    packet := answer question id []
    packet[2] |= 2
    [packet]
  task --background::
    catch:
      while true:
        socket := listener.accept
        query := dns.decode-packet (socket.in.read-bytes socket.in.big-endian.read-uint16)
        packet := large.call query.questions.first query.id
        socket.out.big-endian.write-uint16 packet.size
        socket.out.write packet
        socket.close
  client := dns.DnsClient [server.address]
  expect-equals texts (client.get "large.test" --record-types=[dns.RECORD-TXT] --network=network)
  listener.close
  server.socket.close

test-known-names network/net.Client:
  // Nothing is sent for these.
  client := dns.DnsClient ["127.0.0.1"]
  look-up := : | name | (client.get name --network=network --accept-ipv6).stringify
  expect-equals "127.0.0.1" (look-up.call "localhost")
  expect-equals "10.1.2.3" (look-up.call "10.1.2.3")
  expect-equals "2001:db8:0:0:0:0:0:1" (look-up.call "2001:db8::1")
  six := client.get "localhost" --network=network --no-accept-ipv4 --accept-ipv6
  expect-equals "0:0:0:0:0:0:0:1" six.stringify
  expect-equals "127.0.0.1" (dns.dns-lookup "localhost" --network=network).stringify
  expect-equals "127.0.0.1" (dns.dns-lookup "localhost" --network=network --server="127.0.0.1").stringify

test-defaults network/net.Client:
  server := Server network
  server.serve:: | question/dns.Question id/int | [answer question id [address question.name "10.0.0.5"]]
  initial := dns.default-client
  dns.default-client = dns.DnsClient [server.address]
  expect-equals "10.0.0.5" (dns.dns-lookup "one.test" --network=network).stringify
  dns.default-client = null
  expect-identical initial dns.default-client
  dns.default-mdns-client = dns.DnsClient [server.address]
  expect-equals "10.0.0.5" (dns.dns-lookup "one.local" --network=network).stringify
  expect (network.name-servers.every: it is net.IpAddress)
  server.socket.close
