// Clients and resources close even if the deadline has passed or the task is canceled; and so do
//   resources of a process that has ended meanwhile.
// expect: DEADLINE_EXCEEDED
// expect: closed after the deadline: 1
// expect: closed by a canceled task: 2
// expect: NO_SUCH_PROCESS
// expect: closing after the end is not an error
// expect: on-closed ran to its end: [slow one]
// expect: given up while opening: all closed
// simulate: yes
import monitor
import system.services show *
import .common

class Slow extends Provider:
  opening/monitor.Latch? := null
  constructor: super "test/slow"
  on-opened client/int -> none:
    super client
    if opening: opening.get

class SlowResource extends ServiceResource:
  provider/Provider
  constructor .provider client/int: super provider client
  on-closed -> none:
    // Waits, as a provider does that writes to a disk.
    3.repeat: provider.gate.down
    provider.resources-closed.add "slow one"
    provider.changed.raise

main:
  provider := Slow
  provider.install
  client := Client
  client.open
  print (catch: with-timeout --ms=5:
    try:
      client.sleep 1
    finally:
      client.close)
  with-timeout --ms=60_000: provider.changed.wait: provider.closed == 1
  print "closed after the deadline: $provider.closed"

  started := monitor.Latch
  closing := task::
    own := Client
    own.open
    try:
      started.set true
      (monitor.Latch).get
    finally:
      own.close
  started.get
  closing.cancel
  with-timeout --ms=60_000: provider.changed.wait: provider.closed == 2
  print "closed by a canceled task: $provider.closed"

  spawn::
    short := Provider "test/short" --selector=SHORT
    short.install
    short.changed.wait: short.entered == 1
    exit 0
  gone := Client SHORT
  gone.open --timeout=(Duration --s=20)
  print (catch: gone.sleep 1)
  gone.close
  print "closing after the end is not an error"

  before := provider.entered
  spawn::
    own := Client
    own.open
    task:: own.sleep "to be seen"
    yield
    own.echo 1
    exit 0
  // Whether the first call had entered the provider when its time was up depends on the machine.
  provider.changed.wait: provider.opened == 3 and provider.entered == before + 1
  provider.clients_.do: | id | SlowResource provider id
  provider.gate.up
  yield
  3.repeat: provider.gate.up
  with-timeout --ms=60_000: provider.changed.wait: provider.closed == 3
  print "on-closed ran to its end: $provider.resources-closed"

  provider.opening = monitor.Latch
  client = Client
  // An open that has not reached the provider in its time does not count.
  while provider.opened == 3:
    with-timeout --ms=5_000: catch: with-timeout --ms=20: client.open
  with-timeout --ms=60_000: provider.changed.wait: provider.closed == provider.opened
  print "given up while opening: all closed"
  provider.uninstall

SHORT ::= ServiceSelector --uuid="2a9a5b4e-5d1c-4f0e-9d43-7f6a3f0c1b0b" --major=1 --minor=2
