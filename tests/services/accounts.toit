// Only the system sees the clients of a provider, even if the provider is not written in Toit.
// expect: No such procedure registered: 306
import rpc
import system.api.storage show StorageServiceClient

main:
  storage := (StorageServiceClient).open as StorageServiceClient
  print (catch: rpc.invoke storage.pid_ 306 null)
  storage.close
