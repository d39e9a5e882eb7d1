import system.api.network show NetworkService
import system.base.network show NetworkServiceClientBase
import system.services show ServiceSelector

/**
A container that provides this is a network over cellular radio for others.

The configurations are maps with the keys of `net.cellular`.
*/
interface CellularService extends NetworkService:
  static SELECTOR ::= ServiceSelector
      --uuid="83798564-d965-49bf-b69d-7f05a082f4f0"
      --major=0
      --minor=2

  /** Variant of $NetworkService.connect that uses a configuration. */
  connect config/Map? -> List
  static CONNECT-INDEX /int ::= 1000

/** The client of a network over cellular radio. */
class CellularServiceClient extends NetworkServiceClientBase implements CellularService:
  static SELECTOR ::= CellularService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  connect config/Map? -> List:
    return invoke_ CellularService.CONNECT-INDEX config
