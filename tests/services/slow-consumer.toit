// A client that takes no notifications loses that resource, and only that one.
// expect: the resource was closed: true
// expect: still answering
// expect error: takes no notifications
import monitor
import system.services show *
import .common

class StuckProxy extends ServiceResourceProxy:
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none:
    (monitor.Latch).get

main:
  spawn::
    provider := Provider
    provider.install
    provider.uninstall --wait
  client := Client
  client.open --timeout=(Duration --s=5)
  stuck := StuckProxy client (client.invoke_ RESOURCE "stuck")
  exception := catch: client.invoke_ NOTIFY [stuck.handle_, 100_000]
  print "the resource was closed: $(exception == "ALREADY_CLOSED")"
  print (client.echo "still answering")
  client.close
  exit 0
