import net
import system.api.network show NetworkService
import system.base.network show ProxyingNetworkServiceProvider
import system.services show ServiceProvider

/** A network on top of that of the system. */
class Above extends ProxyingNetworkServiceProvider:
  constructor:
    super "test/above" --major=1 --minor=0
    provides NetworkService.SELECTOR
        --handler=this
        --priority=ServiceProvider.PRIORITY-UNPREFERRED
        --tags=["toit"]

  proxy-mask -> int:
    return NetworkService.PROXY-ADDRESS | NetworkService.PROXY-RESOLVE | NetworkService.PROXY-UDP | NetworkService.PROXY-TCP

  open-network -> net.Interface:
    return net.open --name="above"

  close-network network/net.Interface -> none:
    network.close

main:
  (Above).install
