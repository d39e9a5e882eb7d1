/**
Wireless networks that a container provides.

All functions that need a provider throw "WiFi unavailable" if there is none.
*/

import net
import system.api.wifi show WifiServiceClient

// The keys of configurations.
CONFIG-SSID     /string ::= "wifi.ssid"
CONFIG-PASSWORD /string ::= "wifi.password"

CONFIG-BROADCAST /string ::= "wifi.broadcast"
CONFIG-CHANNEL   /string ::= "wifi.channel"

CONFIG-SCAN-CHANNELS /string ::= "scan.channels"
CONFIG-SCAN-PASSIVE  /string ::= "scan.passive"
CONFIG-SCAN-PERIOD   /string ::= "scan.period"

// The keys of what is known about access points.
SCAN-AP-SSID     /string ::= "scan.ap.ssid"
SCAN-AP-BSSID    /string ::= "scan.ap.bssid"
SCAN-AP-RSSI     /string ::= "scan.ap.rssi"
SCAN-AP-AUTHMODE /string ::= "scan.ap.authmode"
SCAN-AP-CHANNEL  /string ::= "scan.ap.channel"

SCAN-PERIOD-MS_ ::= 1_000
/** The number of values that the service returns for an access point. */
ACCESS-POINT-SIZE_ ::= 5
/** The signal strengths in dBm that count as none and as full. */
RSSI-MIN_ ::= -100
RSSI-MAX_ ::= -35

client_/WifiServiceClient? ::= (WifiServiceClient).open --if-absent=: null

service_ -> WifiServiceClient:
  if not client_: throw "WiFi unavailable"
  return client_

/** An access point of a wireless network. */
class AccessPoint:
  static AUTHMODE-NAMES_ ::= [
    "Open",
    "WEP",
    "WPA PSK",
    "WPA2 PSK",
    "WPA/WPA2 PSK",
    "WPA2 Enterprise",
    "WPA3 PSK",
    "WPA2/WPA3 PSK",
    "WAPI PSK",
  ]

  /** The name of the network. */
  ssid/string
  /** The address of the access point. */
  bssid/ByteArray
  /** The strength of the signal in dBm. */
  rssi/int
  /** How clients are authenticated. */
  authmode/int
  channel/int

  constructor --.ssid --.bssid --.rssi --.authmode --.channel:

  /** Constructs an access point of five values of a list, from an index on. */
  constructor.from_ values/List index/int:
    ssid = values[index]
    bssid = values[index + 1]
    rssi = values[index + 2]
    authmode = values[index + 3]
    channel = values[index + 4]

  /** The text for $authmode. */
  authmode-name -> string:
    return 0 <= authmode < AUTHMODE-NAMES_.size ? AUTHMODE-NAMES_[authmode] : "Undefined"

  /** The $bssid in text form, such as "02:00:5e:10:00:01". */
  bssid-name -> string:
    return (List bssid.size: "$(%02x bssid[it])").join ":"

/** A connection to a wireless network. */
class Client extends net.Client:
  constructor client/WifiServiceClient --name/string? connection/List:
    super client --name=name connection

  /** The access point that the network is connected to. Throws if there is none. */
  access-point -> AccessPoint:
    return AccessPoint.from_ ((client_ as WifiServiceClient).ap-info handle_) 0

  /** The strength of the signal, from 0.0 to 1.0. Throws if the network is not connected to an access point. */
  signal-strength -> float:
    rssi := max RSSI-MIN_ (min RSSI-MAX_ access-point.rssi)
    return (rssi - RSSI-MIN_).to-float / (RSSI-MAX_ - RSSI-MIN_)

/** Connects to the network with the name $ssid. With $save, later calls without a configuration connect to it too. */
open --ssid/string --password/string -> Client
    --name/string?=null
    --save/bool=false:
  return open --name=name --save=save {
    CONFIG-SSID: ssid,
    CONFIG-PASSWORD: password,
  }

/** Variant of $(open --ssid --password) that takes a configuration. Null stands for the stored one. */
open config/Map? -> Client
    --name/string?=null
    --save/bool=false:
  connection := service_.connect config
  if save: service_.configure config
  return Client service_ --name=name connection

/** Opens an access point. With an empty $password, all clients can connect. */
establish --ssid/string --password/string -> Client
    --name/string?=null
    --broadcast/bool=true
    --channel/int=1:
  return establish --name=name {
    CONFIG-SSID: ssid,
    CONFIG-PASSWORD: password,
    CONFIG-BROADCAST: broadcast,
    CONFIG-CHANNEL: channel,
  }

/** Variant of $(establish --ssid --password) that takes a configuration. */
establish config/Map? --name/string?=null -> Client:
  return Client service_ --name=name (service_.establish config)

/** Searches the $channels, a byte for each (1 to 14). Returns a list of $AccessPoint. */
scan channels/ByteArray --passive/bool=false --period-per-channel-ms/int=SCAN-PERIOD-MS_ -> List:
  if channels.is-empty: throw "Channels are unspecified"
  found := service_.scan {
    CONFIG-SCAN-PASSIVE: passive,
    CONFIG-SCAN-CHANNELS: channels,
    CONFIG-SCAN-PERIOD: period-per-channel-ms,
  }
  return List found.size / ACCESS-POINT-SIZE_: AccessPoint.from_ found (it * ACCESS-POINT-SIZE_)

/** Stores the network that $open connects to when it gets no configuration. */
configure --ssid/string --password/string -> none:
  configure {
    CONFIG-SSID: ssid,
    CONFIG-PASSWORD: password,
  }

/** Variant of $(configure --ssid --password) that takes a configuration. */
configure config/Map -> none:
  service_.configure config

/** Restores the configuration that the provider came with. */
configure --reset/True -> none:
  service_.configure null
