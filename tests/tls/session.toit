// Sessions over readers and writers in memory: data in both directions, small and large pieces, ends, and peers that
// send something else.

import expect show *
import monitor
import system
import tls

import .certificates
import .memory

main:
  test-greeting
  test-large
  test-pieces
  test-half-close
  test-end-without-notice
  test-two-writers
  test-silent-peer
  test-waiting-tasks
  test-garbage
  test-changed-record
  test-closed
  test-abandoned
  // expect: done
  print "done"

test-greeting:
  pair := Pair
  client := pair.client
  server := pair.server
  expect-equals tls.SESSION-MODE-NONE client.mode
  expect-not client.resumed
  outcome := greet server client
  expect-null outcome.client
  expect-null outcome.server
  expect-equals tls.SESSION-MODE-CLOSED client.mode
  expect-throw "ALREADY_CLOSED": client.handshake
  expect-throw "ALREADY_CLOSED": client.read

/** More than the pipe has room for, so writers wait. */
test-large:
  pair := Pair
  client := pair.client
  server := pair.server
  data := ByteArray 150_000: it * 7
  task::
    server.write data
    server.close-write
  received := 0
  while bytes := client.read:
    bytes.size.repeat: if bytes[it] != data[received + it]: throw "wrong byte"
    received += bytes.size
  expect-equals data.size received
  client.close

test-pieces:
  [1, 3, 7].do: | size |
    pair := Pair
    pair.client-writer.piece-size = size
    pair.server-writer.piece-size = size
    outcome := greet pair.server pair.client
    expect-null outcome.client
    expect-null outcome.server

/** The client writes after the server has ended. */
test-half-close:
  pair := Pair
  client := pair.client
  server := pair.server
  text := monitor.Latch
  task::
    server.handshake
    server.close-write
    expect-throw "WRITER_CLOSED": server.write "more"
    text.set server.read.to-string
    expect-null server.read
  expect-null client.read
  client.write "still here"
  client.close-write
  expect-equals "still here" text.get

/** A connection that ends without a notice ends for the program too, as that of many servers does. */
test-end-without-notice:
  pair := Pair
  client := pair.client
  server := pair.server
  task::
    server.write "last"
    pair.server-writer.close
  expect-equals "last" client.read.to-string
  expect-null client.read

/** The records of two tasks do not mix. */
test-two-writers:
  pair := Pair
  client := pair.client
  server := pair.server
  left := 2
  ["a", "b"].do: | letter |
    task::
      server.write (letter * 40_000)
      left--
      if left == 0: server.close-write
  counts := {'a': 0, 'b': 0}
  while bytes := client.read:
    bytes.do: counts[it]++
  expect-equals 40_000 counts['a']
  expect-equals 40_000 counts['b']

/** A peer that says nothing delays a handshake as long as the program wants. */
test-silent-peer:
  pair := Pair
  client := pair.client --timeout=(Duration --ms=20)
  expect-throw DEADLINE-EXCEEDED-ERROR: client.handshake
  expect-equals tls.SESSION-MODE-CLOSED client.mode
  expect-throw "ALREADY_CLOSED": client.handshake
  // The program's own deadline.
  pair = Pair
  server := pair.server
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=20: server.handshake
  // A peer that goes away in the handshake.
  pair = Pair
  client = pair.client
  task:: pair.server-reader.read
  task:: pair.server-writer.close
  expect-throw "UNEXPECTED_END_OF_READER": client.handshake

/** All tasks that wait for a handshake are told how it ends. */
test-waiting-tasks:
  pair := Pair
  client := pair.client
  errors := []
  done := monitor.Semaphore
  3.repeat:
    task::
      errors.add (catch: client.read)
      done.up
  while client.mode != tls.SESSION-MODE-CONNECTING: yield
  pair.server-writer.write "HTTP/1.1 400 Bad Request\r\n"
  3.repeat: done.down
  expect-equals 3 errors.size
  errors.do: expect (it.contains "does not speak TLS")

test-garbage:
  [
    "this is not TLS\r\n",
    #[0x16, 0x03, 0x03, 0x00, 0x04, 0xff, 0x00, 0x00, 0x00],
    #[0x16, 0x03, 0x03, 0xff, 0xff],
    #[21, 3, 3, 0, 2, 2, 40]
  ].do: | data |
    pair := Pair
    task:: pair.server-writer.write data
    task:: pair.server-reader.read
    client := pair.client
    error := catch: client.handshake
    expect-not-null error
    expect-not-equals DEADLINE-EXCEEDED-ERROR error
    expect-equals tls.SESSION-MODE-CLOSED client.mode

    pair = Pair
    task:: pair.client-writer.write data
    server := pair.server
    error = catch: server.handshake
    expect-not-null error
    expect-not-equals DEADLINE-EXCEEDED-ERROR error

/** Data that was changed on the way does not reach the program, and the peer is told. */
test-changed-record:
  pair := Pair
  client := pair.client
  server := pair.server
  task::
    server.write "hello"
    pair.server-writer.filter = :: | piece/ByteArray |
      piece[piece.size - 1] ^= 1
      piece
    server.write "world"
  expect-equals "hello" client.read.to-string
  error := catch: client.read
  expect (error.contains "cannot decrypt")
  told := catch: server.read
  expect (told.contains "received from our peer: BadRecordMac")

/** Closing ends the tasks that wait, and can be repeated. */
test-closed:
  pair := Pair
  client := pair.client
  server := pair.server
  task:: server.handshake
  client.handshake
  expect-throw "TLS_ALREADY_HANDSHAKEN": client.handshake
  ended := monitor.Latch
  task::
    catch: client.read
    ended.set null
  yield
  client.close
  client.close
  ended.get
  server.close

/** Handshakes that their tasks leave, and sessions that nothing refers to, take no memory. */
test-abandoned:
  certificate := identity SERVER SERVER-KEY
  100.repeat:
    pair := Pair
    client := pair.client
    server := pair.server certificate
    leaving := task:: client.handshake
    waiting := task:: server.handshake
    while server.mode != tls.SESSION-MODE-CONNECTING: yield
    leaving.cancel
    waiting.cancel
    while client.mode != tls.SESSION-MODE-CLOSED or server.mode != tls.SESSION-MODE-CLOSED: yield
  100.repeat:
    pair := Pair
    server := pair.server certificate
    task:: catch: server.handshake
    pair.client.handshake
  used := used-bytes
  if used >= 1_000_000: throw "$used bytes are in use"

used-bytes -> int:
  system.process-stats --gc
  return (system.process-stats --gc)[system.STATS-INDEX-ALLOCATED-MEMORY]
