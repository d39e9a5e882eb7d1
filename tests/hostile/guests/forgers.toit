// helper
// Guests that pretend to be others, or send what no honest library sends.
import rpc
import .house

FORGERIES ::= {
  "forged messages": :: forged-messages,
  "forged ids": :: forged-ids,
  "forged arguments": :: forged-arguments,
  "forged pids": :: forged-pids,
}

JUNK ::= [
  null,
  true,
  -1,
  0,
  1 << 62,
  1.5,
  "",
  "junk",
  #[],
  #[0xff],
  [],
  [null],
  {:},
  [[[[]]]],
  [1, 2, 3, 4, 5, 6, 7, 8]
]

junk -> any: return JUNK[random JUNK.size]

/** Sends every kind of message, those of the system too, to the victim, the manager, and itself. */
forged-messages -> none:
  provider := open-house.provider
  while true:
    [provider, -1, Process.current.id].do: | pid |
      256.repeat: | kind | note: process-send_ pid kind [random 100, (random 2) == 0, junk, null]
    yield

/** Calls with the ids of clients and resources of others. */
forged-ids -> none:
  provider := open-house.provider
  while true:
    client := random 20
    note: rpc.invoke provider 302 [client, random 5, 1]
    note: rpc.invoke provider 303 [client, random 20]
    note: rpc.invoke provider 301 client
    note: rpc.invoke provider 306 null
    note: rpc.invoke provider 307 (random 20)
    note: rpc.invoke -1 308 null

/** Calls every procedure of the victim and of the system with arguments that make no sense. */
forged-arguments -> none:
  house := open-house
  while true:
    [house.provider, -1].do: | pid |
      for procedure := 298; procedure < 310; procedure++:
        note: rpc.invoke pid procedure junk
        note: rpc.invoke pid procedure [junk, junk, junk]
    4.repeat: | method |
      note: rpc.invoke -1 302 [junk, method, junk]
    6.repeat: | method |
      if method != WAIT: note: house.invoke_ method junk

forged-pids -> none:
  while true:
    note: rpc.invoke (random 10_000) (300 + (random 9)) junk
    note: process-send_ (random 10_000) 64 junk
