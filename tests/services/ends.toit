// A process ends when only background tasks are left and it has no installed provider.
// expect: background does not count
// expect: an installed provider does
// expect: ended by uninstalling
import .common

main:
  task --background::
    while true: sleep --ms=1_000_000
  print "background does not count"
  provider := Provider
  provider.install
  spawn::
    client := Client
    client.open --timeout=(Duration --s=5)
    print "an installed provider does"
    catch: client.invoke_ UNINSTALL null
    print "ended by uninstalling"
