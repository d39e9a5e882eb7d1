// Sessions that continue earlier ones, and tokens that are good for nothing.

import expect show *
import tls

import .certificates
import .memory

server-identity ::= identity SERVER SERVER-KEY

main:
  test-resumed
  test-not-resumed
  test-client-certificates
  // expect: done
  print "done"

/** Connects, and returns the state of the session. */
connect --state/ByteArray?=null --resumed/bool=false --server/tls.Certificate=server-identity
    --name/string="localhost" --roots/List=[ROOT]
    --asked/List=[] --certificate/tls.Certificate?=null -> ByteArray:
  pair := Pair
  server-session := pair.server server --roots=asked
  client := pair.client --state=state --name=name --roots=roots --certificate=certificate
  task::
    server-session.write "hello"
    expect-equals resumed server-session.resumed
    expect-null server-session.read
    server-session.close
  expect-not client.resumed
  expect-equals "hello" client.read.to-string
  expect-equals resumed client.resumed
  result := client.session-state
  expect-throw "Too late to set session state": client.session-state = result
  client.close
  return result

test-resumed:
  state := connect
  // The same state is good for several sessions, and each session has a state.
  6.repeat: connect --state=state --resumed
  again := connect --state=state --resumed
  connect --state=again --resumed

test-not-resumed:
  state := connect
  // Tokens that this system does not know.
  connect --state=#[]
  connect --state=(ByteArray 32)
  connect --state=(ByteArray 33)
  connect --state=(state.copy 0 31)
  changed := state.copy
  changed[5] ^= 1
  connect --state=changed
  // The token of another server: it does not know the session. After the full handshake the token is that of this
  // one.
  other := identity RSA RSA-KEY
  connect --state=state --server=other
  connect --state=state --server=other --resumed
  // A client that would accept other certificates.
  state = connect
  connect --state=state --name="www.example.org"
  connect --state=state --roots=[ROOT, OTHER]
  connect --state=state --certificate=(identity CLIENT CLIENT-KEY)
  connect --state=state --resumed

/** A session is not resumed with a server that asks for other certificates than before. */
test-client-certificates:
  client := identity CLIENT CLIENT-KEY
  state := connect --certificate=client
  state = connect --state=state --certificate=client --asked=[ROOT]
  connect --state=state --certificate=client --asked=[ROOT] --resumed
  connect --state=state --certificate=client --asked=[ROOT, OTHER]
