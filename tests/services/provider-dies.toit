// A provider's process that ends in the middle of a call fails that call at once, and later ones.
// expect: NO_SUCH_PROCESS at once
// expect: NO_SUCH_PROCESS at once
// expect: Cannot find service
// expect: another provider answers
// expect error: provider fails on purpose
// expect exit: 1
// simulate: yes
import monitor
import .common

class Mortal extends Provider:
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == ECHO and arguments == "die":
      task:: throw "provider fails on purpose"
      sleep --ms=60_000
    return super index arguments --gid=gid --client=client

main:
  spawn::
    (Mortal).install
  client := Client
  client.open --timeout=(Duration --s=5)
  2.repeat:
    start := Time.monotonic-us
    exception := catch: client.echo "die"
    elapsed := Time.monotonic-us - start
    print "$exception $(elapsed < 2_000_000 ? "at once" : "late")"
  print (catch: (Client).open --timeout=null)
  provider := Provider
  provider.install
  client = Client
  client.open
  print (client.echo "another provider answers")
  client.close
  provider.uninstall
