// A session, one that continues it, and a silent peer, with the same steps in each run.
// simulate: sessions in memory

import expect show *
import tls

import .certificates
import .memory

main:
  server-identity := identity SERVER SERVER-KEY
  state/ByteArray? := null
  2.repeat: | round |
    pair := Pair
    pair.server-writer.piece-size = 100
    server := pair.server server-identity
    client := pair.client --state=state
    task::
      server.write "hello"
      server.close-write
    expect-equals "hello" client.read.to-string
    expect-equals (round > 0) client.resumed
    state = client.session-state
    client.close
  silent := Pair
  expect-throw DEADLINE-EXCEEDED-ERROR: (silent.client --timeout=(Duration --ms=50)).handshake
  // expect: done
  print "done"
