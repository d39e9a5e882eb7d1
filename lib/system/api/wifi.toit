import system.api.network show NetworkService
import system.base.network show NetworkServiceClientBase
import system.services show ServiceSelector

/**
A container that provides this is a wireless network for others.

The configurations are maps with the keys of `net.wifi`. A null configuration stands for the stored one.
*/
interface WifiService extends NetworkService:
  static SELECTOR ::= ServiceSelector
      --uuid="2436edc6-4cd8-4834-8ebc-ed883990da40"
      --major=0
      --minor=9

  /** Variant of $NetworkService.connect that connects to the access point of a configuration. */
  connect config/Map? -> List
  static CONNECT-INDEX /int ::= 1000

  /** Variant of $connect that opens an access point. */
  establish config/Map? -> List
  static ESTABLISH-INDEX /int ::= 1001

  /** The name, address, signal strength, authentication and channel of the access point. */
  ap-info handle/int -> List
  static AP-INFO-INDEX /int ::= 1002

  /** Searches for access points. Returns five values for each, as in $ap-info. */
  scan config/Map -> List
  static SCAN-INDEX /int ::= 1003

  /** Stores a configuration. Null restores the initial one. */
  configure config/Map? -> none
  static CONFIGURE-INDEX /int ::= 1004

/** The client of a wireless network. */
class WifiServiceClient extends NetworkServiceClientBase implements WifiService:
  static SELECTOR ::= WifiService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  connect config/Map? -> List:
    return invoke_ WifiService.CONNECT-INDEX config

  establish config/Map? -> List:
    return invoke_ WifiService.ESTABLISH-INDEX config

  ap-info handle/int -> List:
    return invoke_ WifiService.AP-INFO-INDEX handle

  scan config/Map -> List:
    return invoke_ WifiService.SCAN-INDEX config

  configure config/Map? -> none:
    invoke_ WifiService.CONFIGURE-INDEX config
