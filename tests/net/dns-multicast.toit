// Look-ups that all machines in the local network are asked for. This program plays one of them, on a port of its own.

import expect show *
import net
import net.modules.dns
import net.udp

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"
ADDRESS ::= net.IpAddress.parse "10.2.3.4"

main:
  network := net.open
  responder := network.udp-open
  task --background:: respond responder
  client := dns.MdnsDnsClient --address=LOCALHOST --port=responder.local-address.port

  expect-equals ADDRESS (client.get "lamp.local" --network=network)
  expect-equals ["on"] (client.get "lamp.local" --record-types=[dns.RECORD-TXT] --network=network)
  service/dns.SrvResource := (client.get "switch.local" --record-types=[dns.RECORD-SRV] --network=network).first
  expect-equals "lamp.local:80" "$service.value:$service.port"

  // The names under "local" are asked for so.
  dns.default-mdns-client = client
  expect-equals ADDRESS (dns.dns-lookup "lamp.local" --network=network)
  expect-throw DEADLINE-EXCEEDED-ERROR:
    dns.dns-lookup "missing.local" --network=network --timeout=(Duration --ms=20)
  // expect: done
  print "done"

respond responder/udp.Socket -> none:
  services := 0
  while true:
    datagram := responder.receive
    packet := dns.decode-packet datagram.data --mdns
    question/dns.Question := packet.questions.first
    expect question.unicast-ok
    answers := []
    if question.name == "missing.local": continue
    if question.type == dns.RECORD-A:
      answers = address-answers question
    else if question.type == dns.RECORD-TXT:
      answers = text-answers question
    else if services++ > 0:
      // A question is repeated until there is an answer.
      answers = [answer question (dns.SrvResource question.name dns.RECORD-SRV 100 true "lamp.local" 0 0 80)]
    answers.do: responder.send (udp.Datagram it datagram.address)

/** An answer may have another number, no question, and flags that must be ignored. */
address-answers question/dns.Question -> List:
  record := dns.AResource question.name 100 ADDRESS
  packet := dns.create-dns-packet [] [record] --id=0 --is-response --is-authoritative
  packet[3] |= 0x70
  stranger := dns.AResource "other.local" 100 LOCALHOST
  return [#[1, 2, 3], answer question stranger, packet]

/** What another machine cannot answer is no answer. */
text-answers question/dns.Question -> List:
  refused := dns.create-dns-packet [question] [] --id=0 --is-response
  refused[3] |= dns.ERROR-NAME
  return [refused, answer question (dns.StringResource question.name dns.RECORD-TXT 100 true "on")]

answer question/dns.Question record/dns.Resource -> ByteArray:
  return dns.create-dns-packet [question] [record] --id=0 --is-response
