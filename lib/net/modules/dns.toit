/**
Names: clients for name servers and for multicast DNS, and packets for programs that speak the protocols themselves.

Programs that only need the addresses of a host use $net.Interface.resolve: it knows all the sources of names that the
  machine has. The functions here ask name servers themselves, for records of any type.
*/

import net
import net.udp

import .dns-cache_
import .dns-packet_

export *

/** The time after which a look-up fails. */
DNS-DEFAULT-TIMEOUT ::= Duration --s=20

/** The time that the first server has for its answer. Each further try has half as long again, up to the fourth. */
DNS-RETRY-TIMEOUT ::= Duration --ms=600

/** The tries that get more time than the one before. */
GROWING-TRIES_ ::= 3

/** The time to wait for answers of other types, once there is one. */
OTHER-TYPES-TIMEOUT_ ::= Duration --ms=50

/** The number of names that a chain of CNAME records can have. */
ALIASES-MAX_ ::= 16

LOCALHOST_ ::= "localhost"
LOCALHOST-4_ ::= net.IpAddress #[127, 0, 0, 1]
LOCALHOST-6_ ::= net.IpAddress #[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]

/** The port of name servers. */
DNS-PORT_ ::= 53
MDNS-ADDRESS_ ::= net.IpAddress #[224, 0, 0, 251]
MDNS-PORT_ ::= 5353

/** The client for public name servers of Google and Cloudflare. */
DEFAULT-CLIENT ::= DnsClient ["8.8.8.8", "1.1.1.1", "8.8.4.4", "1.0.0.1"]

/** The clients for servers that were given by their addresses. */
clients_/Map ::= {:}
/** The number of servers of which the clients, and so their caches, are kept. */
CLIENTS-MAX_ ::= 16

default-client_/DnsClient? := null
default-mdns-client_/DnsClient? := null
machine-client_/DnsClient ::= MachineDnsClient_

/**
The client for names, unless another one is given.

By default, the client that asks the name servers of the machine. If the network does not know them, it asks those
  of $DEFAULT-CLIENT.
*/
default-client -> DnsClient:
  return default-client_ or machine-client_

/** Sets the default client. Null restores the initial one. */
default-client= client/DnsClient? -> none:
  default-client_ = client

/** The client for names that end in ".local", unless another one is given. */
default-mdns-client -> DnsClient:
  if not default-mdns-client_: default-mdns-client_ = DnsClient.mdns
  return default-mdns-client_

default-mdns-client= client/DnsClient -> none:
  default-mdns-client_ = client

/** Variant of $dns-lookup-multi that returns one of the addresses, chosen at random. */
dns-lookup -> net.IpAddress
    host/string
    --network/udp.Interface
    --server/string?=null
    --client/DnsClient?=null
    --timeout/Duration=DNS-DEFAULT-TIMEOUT
    --accept-ipv4/bool=true
    --accept-ipv6/bool=false:
  return any-of_ host
      dns-lookup-multi host
          --network=network
          --server=server
          --client=client
          --timeout=timeout
          --accept-ipv4=accept-ipv4
          --accept-ipv6=accept-ipv6

/**
Looks up the addresses of a $host, as a list of $net.IpAddress. An address is returned as it is.

The $server is the address of a name server. Without a $server and a $client, names that end in ".local" are looked up
  with $default-mdns-client, and others with $default-client.

Throws a $DnsException if a server says that there is no such name. A name without addresses has an empty list.
*/
dns-lookup-multi -> List
    host/string
    --network/udp.Interface
    --server/string?=null
    --client/DnsClient?=null
    --timeout/Duration=DNS-DEFAULT-TIMEOUT
    --accept-ipv4/bool=true
    --accept-ipv6/bool=false:
  if server and client: throw "INVALID_ARGUMENT"
  if server:
    client = client-of_ server
  else if not client:
    client = (host.ends-with ".local") ? default-mdns-client : default-client
  return client.get host
      --record-types=(address-types_ accept-ipv4 accept-ipv6)
      --network=network
      --timeout=timeout

client-of_ server/string -> DnsClient:
  if clients_.size >= CLIENTS-MAX_ and not clients_.contains server: clients_.clear
  return clients_.get server --init=: DnsClient [server]

address-types_ accept-ipv4/bool accept-ipv6/bool -> List:
  types := []
  if accept-ipv4: types.add RECORD-A
  if accept-ipv6: types.add RECORD-AAAA
  return types

any-of_ name/string addresses/List -> net.IpAddress:
  if addresses.is-empty: throw (DnsException "No name record found" --name=name)
  return addresses[random addresses.size]

/** Looks up names. Answers are kept as long as they are valid. */
interface DnsClient:
  /**
  Constructs a client that asks the given name servers, each a string with an address, a $net.IpAddress or a
    $net.SocketAddress.

  The first one is asked. If it does not answer in time, the client goes on with the next one, and stays there.
  */
  constructor servers/List:
    return ServersDnsClient_ servers

  /** Constructs a client that asks all machines in the local network. */
  constructor.mdns:
    return MdnsDnsClient

  /**
  Looks up the records of a $name.

  Returns a $net.IpAddress for each record of type $RECORD-A and $RECORD-AAAA, a $SrvResource for each $RECORD-SRV, and a
    string for each $RECORD-TXT, $RECORD-PTR and $RECORD-CNAME. The list is empty if there are no records of these types.

  Throws a $DnsException if a server says that the look-up failed.
  */
  get name -> List
      --record-types/List
      --network/udp.Interface
      --timeout/Duration=DNS-DEFAULT-TIMEOUT

  /** Looks up an address of the host with the $name, which can also be an address. */
  get name -> net.IpAddress
      --network/udp.Interface
      --accept-ipv4/bool=true
      --accept-ipv6/bool=false
      --timeout/Duration=DNS-DEFAULT-TIMEOUT

/** What all clients have in common. */
abstract class DnsClientBase_ implements DnsClient:
  cache_/DnsCache_ ::= DnsCache_

  get name -> net.IpAddress
      --network/udp.Interface
      --accept-ipv4/bool=true
      --accept-ipv6/bool=false
      --timeout/Duration=DNS-DEFAULT-TIMEOUT:
    return any-of_ name
        get name
            --record-types=(address-types_ accept-ipv4 accept-ipv6)
            --network=network
            --timeout=timeout

  get name -> List
      --record-types/List
      --network/udp.Interface
      --timeout/Duration=DNS-DEFAULT-TIMEOUT:
    record-types.do: | type/int |
      known := (known-address_ name type) or (cache_.get name type)
      if known: return known
    if record-types.is-empty: return []
    look-up := LookUp_ name record-types
    with-timeout timeout: ask_ look-up network
    look-up.do-cacheable: | type/int values/List ttl/int |
      cache_.put name type values --ttl=ttl
    return look-up.values

  /** Returns the addresses that no server needs to be asked for, or null. */
  known-address_ name/string type/int -> List?:
    if type == RECORD-A:
      if net.IpAddress.is-valid name: return [net.IpAddress.parse name]
      if name == LOCALHOST_: return [LOCALHOST-4_]
    else if type == RECORD-AAAA:
      if net.IpAddress.is-valid name --no-accept-ipv4 --accept-ipv6: return [net.IpAddress.parse name]
      if name == LOCALHOST_: return [LOCALHOST-6_]
    return null

  /** Asks until the look-up is done. The caller limits the time. */
  abstract ask_ look-up/LookUp_ network/udp.Interface -> none

  /** Calls $send, and the block with each packet that comes in time. Returns whether the look-up is done. */
  attempt_ look-up/LookUp_ --timeout/Duration [--send] [--receive] -> bool:
    deadline := Time.monotonic-us + timeout.in-us
    send.call
    while not look-up.is-done:
      // The types that a server has nothing for are often not answered at all.
      if look-up.has-values: deadline = min deadline (Time.monotonic-us + OTHER-TYPES-TIMEOUT_.in-us)
      packet/ByteArray? := null
      error := catch --unwind=(: it != DEADLINE-EXCEEDED-ERROR):
        with-timeout --us=(max 0 (deadline - Time.monotonic-us)): packet = receive.call
      if error: return look-up.has-values
      if packet: look-up.take packet
    return true

/** Asks name servers, one after the other. */
class ServersDnsClient_ extends DnsClientBase_:
  servers_/List
  /** The index of the server that is asked first: the last one that was asked. */
  current_/int := 0

  constructor servers/List:
    if servers.is-empty: throw "INVALID_ARGUMENT"
    servers_ = servers.map: socket-address_ it

  static socket-address_ server -> net.SocketAddress:
    if server is net.SocketAddress: return server
    if server is net.IpAddress: return net.SocketAddress server DNS-PORT_
    if server is not string: throw "INVALID_ARGUMENT"
    if not net.IpAddress.is-valid server --accept-ipv6: throw "BAD_FORMAT"
    return net.SocketAddress (net.IpAddress.parse server) DNS-PORT_

  ask_ look-up/LookUp_ network/udp.Interface -> none:
    timeout := DNS-RETRY-TIMEOUT
    failures := 0
    for round := 0; true; round++:
      server/net.SocketAddress := servers_[current_]
      done := false
      error := catch --unwind=(: it is DnsException or is-timeout_ it):
        done = ask-server_ look-up network server --timeout=timeout
      if done: return
      // A server that cannot be reached fails at once. Once all of them have, waiting does not help.
      failures = error ? failures + 1 : 0
      if failures >= servers_.size: throw error
      current_ = (current_ + 1) % servers_.size
      if round < GROWING-TRIES_: timeout *= 1.5

  static is-timeout_ error -> bool:
    return error == DEADLINE-EXCEEDED-ERROR or error == CANCELED-ERROR

  ask-server_ look-up/LookUp_ network/udp.Interface server/net.SocketAddress --timeout/Duration -> bool:
    socket := network.udp-open
    try:
      // Answers of others are not received.
      socket.connect server
      done := attempt_ look-up --timeout=timeout
          --send=: look-up.do-unanswered: socket.write (look-up.query it)
          --receive=: socket.read
      return done and (not look-up.is-truncated or (ask-over-tcp_ look-up network server --timeout=timeout))
    finally:
      socket.close

  /** Asks again for what does not fit into a datagram. */
  ask-over-tcp_ look-up/LookUp_ network/udp.Interface server/net.SocketAddress --timeout/Duration -> bool:
    if network is not net.Interface: throw (DnsException "Answer does not fit into a datagram" --name=look-up.name)
    look-up.restart
    socket/any := null
    try:
      return attempt_ look-up --timeout=timeout
          --send=:
            socket = (network as net.Interface).tcp-connect server
            look-up.do-unanswered:
              packet := look-up.query it
              socket.out.big-endian.write-uint16 packet.size
              socket.out.write packet
          --receive=: socket.in.read-bytes socket.in.big-endian.read-uint16
    finally:
      if socket: socket.close

/** Asks the name servers of the machine. */
class MachineDnsClient_ extends DnsClientBase_:
  servers_/List := []
  client_/ServersDnsClient_? := null

  ask_ look-up/LookUp_ network/udp.Interface -> none:
    (client-for_ network).ask_ look-up network

  /** Returns the client for the servers that the machine has now. */
  client-for_ network/udp.Interface -> DnsClientBase_:
    servers := []
    // Not every network knows them.
    if network is net.Client: catch: servers = (network as net.Client).name-servers
    if servers.is-empty: return DEFAULT-CLIENT as DnsClientBase_
    if servers != servers_:
      servers_ = servers
      client_ = ServersDnsClient_ servers
    return client_

/**
Asks all machines in the local network (multicast DNS).

The answers are sent to the client alone, so it does not join the group.
*/
class MdnsDnsClient extends DnsClientBase_:
  server_/net.SocketAddress

  constructor --address/net.IpAddress=MDNS-ADDRESS_ --port/int=MDNS-PORT_:
    server_ = net.SocketAddress address port

  ask_ look-up/LookUp_ network/udp.Interface -> none:
    look-up.is-multicast = true
    timeout := DNS-RETRY-TIMEOUT
    socket := network.udp-open
    try:
      for round := 0; true; round++:
        done := attempt_ look-up --timeout=timeout
            --send=: look-up.do-unanswered: socket.send (udp.Datagram (look-up.query it) server_)
            --receive=: socket.receive.data
        if done: return
        if round < GROWING-TRIES_: timeout *= 1.5
    finally:
      socket.close

/** The questions of one look-up, one for each type of record, and the answers so far. */
class LookUp_:
  name/string
  types_/List
  /** The number of the question of the first type. The others follow. */
  id_/int ::= random 0x10000
  /** The values for each type that was answered. */
  values_/Map := {:}
  ttls_/Map := {:}
  /** Whether an answer did not fit into a datagram. */
  is-truncated/bool := false
  /** Whether all machines are asked: numbers and questions need not be repeated in answers then (RFC 6762, 18.1). */
  is-multicast/bool := false

  constructor .name .types_:

  is-done -> bool:
    return values_.size == types_.size

  has-values -> bool:
    return values_.any --values: not it.is-empty

  /** The values of all types. */
  values -> List:
    all := []
    types_.do: | type/int | all.add-all (values_.get type --if-absent=: [])
    return all

  /** Forgets all answers. */
  restart -> none:
    values_.clear
    ttls_.clear
    is-truncated = false

  do-unanswered [block] -> none:
    types_.do: | type/int | if not values_.contains type: block.call type

  /** Calls the block with the type, the values, and the seconds for which they are valid. */
  do-cacheable [block] -> none:
    ttls_.do: | type/int ttl/int | block.call type values_[type] ttl

  /** Returns the packet that asks for records of a type. */
  query type/int -> ByteArray:
    id := (id_ + (types_.index-of type)) & 0xffff
    return create-query_ name id type --unicast-response=is-multicast

  /**
  Takes the answers in a packet. A packet that cannot be an answer is ignored, since any machine can have sent it.

  Throws a $DnsException if the server says that the look-up failed.
  */
  take packet/ByteArray -> none:
    type := type-of_ packet
    if not type and not is-multicast: return
    decoded/DecodedPacket? := null
    error := catch --unwind=(: is-failure_ packet it):
      decoded = decode-packet packet --error-name=name --mdns=is-multicast
    if error or not decoded.is-response: return
    if is-multicast:
      do-unanswered: collect_ decoded it
    else if is-repeated_ decoded type:
      if decoded.is-truncated: is-truncated = true
      values_[type] = []
      collect_ decoded type

  /** Returns the type that the number of a packet belongs to, if there is one that was not answered. */
  type-of_ packet/ByteArray -> int?:
    if packet.size < 2: return null
    index := ((packet[0] << 8 | packet[1]) - id_) & 0xffff
    if index >= types_.size: return null
    type := types_[index]
    return (values_.contains type) ? null : type

  /** Whether the server that the look-up is for has said that it failed. */
  is-failure_ packet/ByteArray error -> bool:
    if error is not DnsException: return true
    if is-multicast or packet.size < 4: return false
    return packet[2] & 0x80 != 0 and packet[3] & 0xf != ERROR-NONE

  is-repeated_ decoded/DecodedPacket type/int -> bool:
    if decoded.opcode != 0 or decoded.questions.size != 1: return false
    question/Question := decoded.questions.first
    return question.type == type and same-name_ question.name name

  /** Adds the records of a type to the values. */
  collect_ decoded/DecodedPacket type/int -> none:
    names := type == RECORD-CNAME ? [name] : aliases_ decoded
    decoded.resources.do: | resource/Resource |
      if resource.type == type and (names.any: same-name_ it resource.name):
        (values_.get type --init=: []).add (value-of_ resource)
        ttls_[type] = min resource.ttl (ttls_.get type --if-absent=: resource.ttl)

  /** Returns the name, and the names that it stands for according to the packet. */
  aliases_ decoded/DecodedPacket -> List:
    names := [name]
    while names.size < ALIASES-MAX_:
      record/StringResource? := null
      decoded.resources.do: if it.type == RECORD-CNAME and same-name_ it.name names.last: record = it
      if not record or (names.any: same-name_ it record.value): break
      names.add record.value
    return names

  value-of_ resource/Resource -> any:
    if resource is AResource: return (resource as AResource).address
    if resource is SrvResource: return resource
    return (resource as StringResource).value

/** Whether two names are equal: the case of letters does not count. */
same-name_ one/string other/string -> bool:
  return one == other or one.size == other.size and one.to-ascii-lower == other.to-ascii-lower
