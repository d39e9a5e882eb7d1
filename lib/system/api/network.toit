import system.base.network show NetworkServiceClientBase
import system.services show ServiceSelector

/**
A container that provides this is a network for others.

Handles name resources of the provider: $connect returns one, and each socket is one. Addresses are
  byte arrays.
*/
interface NetworkService:
  static SELECTOR ::= ServiceSelector
      --uuid="063e228a-3a7a-44a8-b024-d55127255ccb"
      --major=0
      --minor=4

  /** The tag of networks over cellular radio. */
  static TAG-CELLULAR /string ::= "cellular"
  /** The tag of wired networks. */
  static TAG-ETHERNET /string ::= "ethernet"
  /** The tag of wireless networks. */
  static TAG-WIFI /string ::= "wifi"

  /** No operations go through the service. */
  static PROXY-NONE /int ::= 0
  /** $address goes through the service. */
  static PROXY-ADDRESS /int ::= 1 << 0
  /** $resolve goes through the service. */
  static PROXY-RESOLVE /int ::= 1 << 1
  /** UDP goes through the service. */
  static PROXY-UDP /int ::= 1 << 2
  /** TCP goes through the service. */
  static PROXY-TCP /int ::= 1 << 3
  /** $quarantine goes through the service. */
  static PROXY-QUARANTINE /int ::= 1 << 4

  /** Whether a UDP socket can send to broadcast addresses. */
  static SOCKET-OPTION-UDP-BROADCAST /int ::= 0
  /** Joins the multicast group that is the value. */
  static SOCKET-OPTION-UDP-MULTICAST-MEMBERSHIP /int ::= 1
  /** Whether sockets of this machine receive multicast packets of the socket. */
  static SOCKET-OPTION-UDP-MULTICAST-LOOPBACK /int ::= 2
  /** The number of networks that a multicast packet can cross. */
  static SOCKET-OPTION-UDP-MULTICAST-TTL /int ::= 3
  /** Whether several sockets can use the address. */
  static SOCKET-OPTION-UDP-REUSE-ADDRESS /int ::= 4
  /** Whether several sockets can use the port. */
  static SOCKET-OPTION-UDP-REUSE-PORT /int ::= 5
  /** The address of the interface for multicast packets. */
  static SOCKET-OPTION-UDP-MULTICAST-IF /int ::= 6
  /** Leaves the multicast group that is the value. */
  static SOCKET-OPTION-UDP-MULTICAST-LEAVE /int ::= 7
  /** Whether small TCP packets are sent at once. */
  static SOCKET-OPTION-TCP-NO-DELAY /int ::= 100
  /** Whether the system checks from time to time that a TCP peer is still there. Not every network has it. */
  static SOCKET-OPTION-TCP-KEEP-ALIVE /int ::= 101
  /** The number of bytes that the system keeps until they are read. Not every network has it. */
  static SOCKET-OPTION-TCP-WINDOW-SIZE /int ::= 102

  /** The notification that the network is closed. */
  static NOTIFY-CLOSED /int ::= 200

  /**
  Connects to the network.

  Returns the handle of the connection, the operations that go through the service as a sum of
    $PROXY-TCP and its kin, and the name of the network.
  */
  connect -> List
  static CONNECT-INDEX /int ::= 0

  /** The address of this machine in the network. */
  address handle/int -> ByteArray
  static ADDRESS-INDEX /int ::= 1

  /** The addresses of a $host. */
  resolve handle/int host/string -> List
  static RESOLVE-INDEX /int ::= 2

  /** The method that returns the addresses of the name servers of the machine. Not every network has it. */
  static NAME-SERVERS-INDEX /int ::= 2002

  /** Asks the provider to avoid the network with the $name for a while. */
  quarantine name/string -> none
  static QUARANTINE-INDEX /int ::= 3

  /** Opens a UDP socket at a $port, or at a free one. */
  udp-open handle/int port/int? -> int
  static UDP-OPEN-INDEX /int ::= 100

  /** The method like $udp-open that takes the address of one interface before the port. Not every network has it. */
  static UDP-OPEN-AT-INDEX /int ::= 1100

  /** Determines the peer of a UDP socket. */
  udp-connect handle/int ip/ByteArray port/int -> none
  static UDP-CONNECT-INDEX /int ::= 101

  /** Waits for a datagram. Returns its data, address and port. */
  udp-receive handle/int -> List
  static UDP-RECEIVE-INDEX /int ::= 102

  /** Sends a datagram. */
  udp-send handle/int data/ByteArray ip/ByteArray port/int -> none
  static UDP-SEND-INDEX /int ::= 103

  /** Opens a UDP socket for multicast, and joins the group $address if there is one. */
  udp-open-multicast -> int
      handle/int
      address/ByteArray?
      port/int
      if-addr/ByteArray?
      reuse-address/bool
      reuse-port/bool
      loopback/bool
      ttl/int
  static UDP-OPEN-MULTICAST-INDEX /int ::= 104

  /** Connects a TCP socket. */
  tcp-connect handle/int ip/ByteArray port/int -> int
  static TCP-CONNECT-INDEX /int ::= 200

  /** Listens for TCP connections at a $port. */
  tcp-listen handle/int port/int -> int
  static TCP-LISTEN-INDEX /int ::= 201

  /** The method like $tcp-listen that takes the address of one interface before the port. Not every network has it. */
  static TCP-LISTEN-AT-INDEX /int ::= 1201

  /** Waits for a TCP connection. */
  tcp-accept handle/int -> int
  static TCP-ACCEPT-INDEX /int ::= 202

  /** Ends what is sent over a TCP connection. */
  tcp-close-write handle/int -> none
  static TCP-CLOSE-WRITE-INDEX /int ::= 203

  /** The value of an option of a socket. */
  socket-get-option handle/int option/int -> any
  static SOCKET-GET-OPTION-INDEX /int ::= 300

  /** Sets an option of a socket. */
  socket-set-option handle/int option/int value/any -> none
  static SOCKET-SET-OPTION-INDEX /int ::= 301

  /** The address and port of a socket. */
  socket-local-address handle/int -> List
  static SOCKET-LOCAL-ADDRESS-INDEX /int ::= 302

  /** The address and port of the peer of a socket. */
  socket-peer-address handle/int -> List
  static SOCKET-PEER-ADDRESS-INDEX /int ::= 303

  /** Waits for bytes. Returns null at the end of a TCP connection. */
  socket-read handle/int -> ByteArray?
  static SOCKET-READ-INDEX /int ::= 304

  /** Sends as many bytes of $data as there is room for. Returns their number. */
  socket-write handle/int data -> int
  static SOCKET-WRITE-INDEX /int ::= 305

  /** The number of bytes that a packet can have without being divided. */
  socket-mtu handle/int -> int
  static SOCKET-MTU-INDEX /int ::= 306

/** The client of a network. */
class NetworkServiceClient extends NetworkServiceClientBase:
  static SELECTOR ::= NetworkService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector
