// The provider checks the version, and its refusal is final.
// expect: ok
// expect: ok
// expect: service:test/common@3.4.5 does not provide service:2a9a5b4e-5d1c-4f0e-9d43-7f6a3f0c1b01@1.3.x
// expect: service:test/common@3.4.5 does not provide service:2a9a5b4e-5d1c-4f0e-9d43-7f6a3f0c1b01@2.x
// expect: service:test/common@3.4.5 does not provide service:2a9a5b4e-5d1c-4f0e-9d43-7f6a3f0c1b01@0.x
// expect: service:test/common@3.4.5 does not provide service:11111111-5d1c-4f0e-9d43-7f6a3f0c1b01
import system.services show ServiceSelector
import .common

try-open major/int minor/int:
  client := Client (ServiceSelector --uuid=UUID --major=major --minor=minor)
  exception := catch:
    client.open
    client.close
  print (exception or "ok")

main:
  provider := Provider
  provider.install
  try-open 1 2
  try-open 1 0
  try-open 1 3
  try-open 2 0
  try-open 0 0
  other := Client (ServiceSelector --uuid="11111111-5d1c-4f0e-9d43-7f6a3f0c1b01" --major=1 --minor=0)
  // Bypasses the discovery, with the provider's own id.
  print (catch: other.open_ --pid=Process.current.id --id=provider.services_[0].id)
  provider.uninstall
