// A container that provides a network on top of the real one: it delays each call, loses datagrams, and records what
// passes. Programs choose it by the tag "slow". Without the tag they go on using the network of the operating system.
import net
import system.api.network show NetworkService
import system.base.network show ProxyingNetworkServiceProvider
import system.services show ServiceProvider

/** The delay of each call. */
DELAY ::= Duration --ms=5

/** One of so many datagrams is lost. */
LOST-OF ::= 4

class SlowNetwork extends ProxyingNetworkServiceProvider:
  datagrams_/int := 0

  constructor:
    super "example/slow" --major=1 --minor=0
    provides NetworkService.SELECTOR
        --handler=this
        --priority=ServiceProvider.PRIORITY-UNPREFERRED
        --tags=["slow"]

  proxy-mask -> int:
    return NetworkService.PROXY-ADDRESS
        | NetworkService.PROXY-RESOLVE
        | NetworkService.PROXY-UDP
        | NetworkService.PROXY-TCP

  open-network -> net.Interface:
    return net.open --name="slow"

  close-network network/net.Interface -> none:
    network.close

  handle index/int arguments/any --gid/int --client/int -> any:
    sleep DELAY
    if index == NetworkService.UDP-SEND-INDEX and is-lost_:
      record_ "lost datagram $datagrams_"
      return null
    result := super index arguments --gid=gid --client=client
    if index == NetworkService.TCP-CONNECT-INDEX:
      record_ "connected to $(net.IpAddress arguments[1])"
    else if index == NetworkService.SOCKET-WRITE-INDEX:
      record_ "sent $result bytes"
    else if index == NetworkService.SOCKET-READ-INDEX and result:
      record_ "received $result.size bytes"
    return result

  is-lost_ -> bool:
    datagrams_++
    return datagrams_ % LOST-OF == 1

  record_ what/string -> none:
    print "slow network: $what"

main:
  (SlowNetwork).install
