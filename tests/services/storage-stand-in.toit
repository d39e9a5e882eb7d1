// A process that provides the storage: its regions are accessed by calls.

import expect show *
import system.api.storage show StorageService
import system.services show ServiceHandler ServiceProvider ServiceResource
import system.storage

class Provider extends ServiceProvider implements ServiceHandler:
  log ::= []

  constructor:
    super "test/storage" --major=0 --minor=3
    provides StorageService.SELECTOR --handler=this --priority=ServiceProvider.PRIORITY-PREFERRED-STRONGLY

  handle index/int arguments/any --gid/int --client/int -> any:
    log.add index
    if index == StorageService.REGION-OPEN-INDEX: return [(Region this client).serialize-for-rpc, 0, 4096, 12, 2]
    if index == StorageService.REGION-READ-INDEX: return ByteArray arguments[2]: 7
    if index == StorageService.REGION-IS-ERASED-INDEX: return false
    return null

class Region extends ServiceResource:
  constructor provider/Provider client/int:
    super provider client

  on-closed -> none:

main:
  provider := Provider
  provider.install
  region := storage.Region.open --flash "r" --capacity=1
  expect-equals #[7, 7] (region.read --from=1 --to=3)
  region.write --at=0 "text"
  expect-not region.is-erased
  region.erase
  region.close
  expect-equals
      [StorageService.REGION-OPEN-INDEX, StorageService.REGION-READ-INDEX, StorageService.REGION-WRITE-INDEX,
          StorageService.REGION-IS-ERASED-INDEX, StorageService.REGION-ERASE-INDEX]
      provider.log
  provider.uninstall
