// A container that provides a network on top of that of the system, and counts what passes.

import expect show *
import net
import net.udp
import system.api.network show NetworkService NetworkServiceClient
import system.base.network show ProxyingNetworkServiceProvider
import system.services show ServiceProvider

LOCALHOST ::= net.IpAddress.parse "127.0.0.1"

class CountingNetwork extends ProxyingNetworkServiceProvider:
  calls/Map ::= {:}

  constructor:
    super "test/counting" --major=1 --minor=0
    provides NetworkService.SELECTOR
        --handler=this
        --priority=ServiceProvider.PRIORITY-UNPREFERRED
        --tags=["counting"]

  proxy-mask -> int:
    return NetworkService.PROXY-ADDRESS | NetworkService.PROXY-RESOLVE | NetworkService.PROXY-UDP
        | NetworkService.PROXY-TCP

  open-network -> net.Interface:
    return net.open --name="counted"

  close-network network/net.Interface -> none:
    network.close

  handle index/int arguments/any --gid/int --client/int -> any:
    calls.update index --init=0: it + 1
    return super index arguments --gid=gid --client=client

main:
  provider := CountingNetwork
  provider.install
  selector := NetworkService.SELECTOR.restrict.allow --tag="counting"
  network := net.open --service=((NetworkServiceClient selector).open as NetworkServiceClient)
  expect-equals "counted" network.name
  closed := false
  network.on-closed:: closed = true

  server := network.tcp-listen 0
  task::
    socket := server.accept
    socket.out.write socket.in.read-line
    socket.close
  socket := network.tcp-connect "localhost" server.local-address.port
  socket.no-delay = true
  expect socket.no-delay
  socket.out.write "through the window\n"
  expect-equals "through the window" socket.in.read-all.to-string
  socket.close

  one := network.udp-open
  other := network.udp-open
  one.send (udp.Datagram #[1, 2] (net.SocketAddress LOCALHOST other.local-address.port))
  expect-equals #[1, 2] other.receive.data
  many := network.udp-open-multicast --ttl=2
  expect-equals 2 many.multicast-ttl

  expect-equals 1 provider.calls[NetworkService.TCP-CONNECT-INDEX]
  expect-equals 1 provider.calls[NetworkService.RESOLVE-INDEX]
  expect-equals 1 provider.calls[NetworkService.UDP-SEND-INDEX]
  network.close
  expect closed

  // A network that closes by itself closes for its clients.
  again := net.open --service=((NetworkServiceClient selector).open as NetworkServiceClient)
  told := false
  again.on-closed:: told = true
  provider.network_.close
  while not told: yield
  expect again.is-closed
  expect-throw "Network closed": again.udp-open
  provider.uninstall
  // expect: done
  print "done"
