import system.api.network show NetworkService
import system.base.network show NetworkServiceClientBase
import system.services show ServiceSelector

/** A container that provides this is a wired network for others. */
interface EthernetService extends NetworkService:
  static SELECTOR ::= ServiceSelector
      --uuid="7752a0f4-572b-407f-933c-c8a9e4573d29"
      --major=0
      --minor=1

/** The client of a wired network. */
class EthernetServiceClient extends NetworkServiceClientBase implements EthernetService:
  static SELECTOR ::= EthernetService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector
