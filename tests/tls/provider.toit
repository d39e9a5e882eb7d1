// TLS over a network that a container in Toit provides: it sees the encrypted bytes, and nothing else.

import expect show *
import net
import net.x509
import system.api.network show NetworkService NetworkServiceClient
import system.base.network show ProxyingNetworkServiceProvider
import system.services show ServiceProvider
import tls

import .certificates

SECRET ::= "a secret that the network must not see"

class WatchingNetwork extends ProxyingNetworkServiceProvider:
  bytes/int := 0
  has-seen-secret/bool := false

  constructor:
    super "test/watching" --major=1 --minor=0
    provides NetworkService.SELECTOR
        --handler=this
        --priority=ServiceProvider.PRIORITY-UNPREFERRED
        --tags=["watching"]

  proxy-mask -> int:
    return NetworkService.PROXY-RESOLVE | NetworkService.PROXY-TCP

  open-network -> net.Interface:
    return net.open --name="watched"

  close-network network/net.Interface -> none:
    network.close

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == NetworkService.SOCKET-WRITE-INDEX:
      data/ByteArray := arguments[1]
      bytes += data.size
      if (data.index-of SECRET[0]) >= 0 and data.to-string-non-throwing.contains SECRET: has-seen-secret = true
    return super index arguments --gid=gid --client=client

main:
  provider := WatchingNetwork
  provider.install
  selector := NetworkService.SELECTOR.restrict.allow --tag="watching"
  network := net.open --service=((NetworkServiceClient selector).open as NetworkServiceClient)
  server := network.tcp-listen 0
  task::
    identity := tls.Certificate (x509.Certificate.parse SERVER) SERVER-KEY
    socket := tls.Socket.server server.accept --certificate=identity
    socket.out.write socket.in.read
    socket.close
  raw := network.tcp-connect "localhost" server.local-address.port
  socket := tls.Socket.client raw --server-name="localhost" --root-certificates=[tls.RootCertificate ROOT]
  socket.out.write SECRET
  expect-equals SECRET socket.in.read-all.to-string
  socket.close
  server.close
  network.close
  provider.uninstall
  expect provider.bytes > 2 * SECRET.size
  expect-not provider.has-seen-secret
  // expect: done
  print "done"
