// The clients of special networks, with a provider of all of them.

import expect show *
import net
import net.cellular
import net.ethernet
import net.wifi
import system.api.cellular show CellularService
import system.api.ethernet show EthernetService
import system.api.network show NetworkService
import system.api.wifi show WifiService
import system.base.network show ProxyingNetworkServiceProvider

/** A network that is wired, cellular and wireless. It is that of the machine. */
class AnyNetwork extends ProxyingNetworkServiceProvider:
  asked := []

  constructor:
    super "test/any" --major=1 --minor=0
    [EthernetService.SELECTOR, CellularService.SELECTOR, WifiService.SELECTOR].do:
      provides it --handler=this

  proxy-mask -> int:
    return NetworkService.PROXY-ADDRESS | NetworkService.PROXY-RESOLVE | NetworkService.PROXY-TCP

  open-network -> net.Interface:
    return net.open --name="any"

  close-network network/net.Interface -> none:
    network.close

  handle index/int arguments/any --gid/int --client/int -> any:
    asked.add [index, arguments]
    if index == WifiService.CONNECT-INDEX or index == WifiService.ESTABLISH-INDEX: return connect client
    if index == WifiService.AP-INFO-INDEX: return access-point 1
    if index == WifiService.SCAN-INDEX: return (access-point 1) + (access-point 2)
    if index == WifiService.CONFIGURE-INDEX: return null
    return super index arguments --gid=gid --client=client

  access-point number/int -> List:
    return ["net-$number", #[2, 0, 0x5e, 0x10, 0, number], -61, 3, 11]

main:
  provider := AnyNetwork
  provider.install
  wired := ethernet.open --name="eth0"
  expect-equals "eth0" wired.name
  expect-equals "127.0.0.1" (wired.resolve "localhost").first.stringify
  expect (wired.name-servers is List)
  wired.close
  ethernet.reset

  mobile := cellular.open { cellular.CONFIG-APN: "example" }
  expect-equals "any" mobile.name
  mobile.close
  cellular.reset
  connects := provider.asked.filter: it[0] == CellularService.CONNECT-INDEX
  expect-structural-equals [[1000, { "cellular.apn": "example" }]] connects

  test-wifi provider
  provider.uninstall
  // expect: done
  print "done"

test-wifi provider/AnyNetwork -> none:
  provider.asked.clear
  wireless := wifi.open --ssid="home" --password="secret" --save
  expect-equals "any" wireless.name
  configuration := { "wifi.ssid": "home", "wifi.password": "secret" }
  expect-structural-equals [[1000, configuration], [1004, configuration]] provider.asked
  expect-equals "net-1" wireless.access-point.ssid
  expect-equals "02:00:5e:10:00:01" wireless.access-point.bssid-name
  expect-equals "WPA2 PSK" wireless.access-point.authmode-name
  expect-equals 0.6 wireless.signal-strength
  wireless.close

  (wifi.establish --ssid="mine" --password="").close
  found := wifi.scan #[1, 6, 11] --passive
  expect-equals ["net-1", "net-2"] (found.map: it.ssid)
  expect-equals 11 found[1].channel
  expect-throw "Channels are unspecified": wifi.scan #[]
  odd := wifi.AccessPoint --ssid="" --bssid=#[] --rssi=0 --authmode=99 --channel=0
  expect-equals "Undefined" odd.authmode-name
  provider.asked.clear
  wifi.configure --reset
  expect-equals [1004, null] provider.asked.first
