// The trace of an error in a provider shows where the provider threw it, then where the call was.
// expect: true true
// expect error: Provider.handle
// expect error: Client.fail
// expect error: trace.toit:
import .common

main:
  spawn::
    provider := Provider
    provider.install
    provider.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)
  exception := catch --trace: client.fail "far away"
  client.close
  print "$(exception == "far away") true"
