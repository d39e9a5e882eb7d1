// Forbidden actions of a process against others, tried below the level of the library.
// expect: another's client: HANDLER_NOT_FOUND
// expect: closing another's client: ignored
// expect: closing another's resource: ignored
// expect: the other clients: No such procedure registered: 306
// expect: the victim is untouched: still here, resource kept
// expect: a made-up reply: no effect
// expect: a made-up cancel: no effect
// expect: a made-up notification: no effect
// expect: a made-up end of a process: no effect
// expect: guessed pids: NO_SUCH_PROCESS
// expect: system kinds are refused: true
// expect: the victim's call is answered: from the provider
// expect: a kind of one's own arrives: [64, hello, true]
// simulate: yes
import monitor
import rpc
import system.services show *
import .common

/** The attacker, in a process of its own, reports the results of its attempts here. */
class Court extends Provider implements SystemMessageHandler_:
  told/monitor.Channel ::= monitor.Channel 50
  foreign/List ::= []
  constructor:
    super "test/court"
  handle index/int arguments/any --gid/int --client/int -> any:
    if index == 100:
      told.send arguments
      return null
    return super index arguments --gid=gid --client=client
  on-message type/int gid/int pid/int message/any -> none:
    foreign.add [type, message, pid != Process.current.id]
    changed.raise

/** Whether a message is accepted. */
sends pid/int type/int message -> bool:
  result := false
  catch: result = process-send_ pid type message
  return result

attack victim-client/int resource/int pid/int -> none:
  own := Client
  own.open
  tell := :: | text | own.invoke_ 100 text
  provider := own.pid_
  tell.call "another's client: $(catch: rpc.invoke provider 302 [victim-client, ECHO, 1])"
  result := rpc.invoke provider 301 victim-client
  tell.call "closing another's client: $(result ? result : "ignored")"
  result = rpc.invoke provider 303 [victim-client, resource]
  tell.call "closing another's resource: $(result ? result : "ignored")"
  tell.call "the other clients: $(catch: rpc.invoke provider 306 null)"
  tell.call "done"
  // The victim now waits for an answer of its own.
  taken := 0
  20.repeat: | id |
    if sends pid 4 [id, false, "forged", null]: taken++
    if sends provider 4 [id, false, "forged", null]: taken++
  tell.call "a made-up reply: $(taken == 0 ? "no effect" : taken)"
  20.repeat: | id |
    if sends provider 5 [id]: taken++
  tell.call "a made-up cancel: $(taken == 0 ? "no effect" : taken)"
  if sends provider 7 [victim-client, resource, "forged"]: taken++
  tell.call "a made-up notification: $(taken == 0 ? "no effect" : taken)"
  if sends provider 6 pid: taken++
  if sends provider 0 null: taken++
  tell.call "a made-up end of a process: $(taken == 0 ? "no effect" : taken)"
  guessed := {}
  // Process ids need not be small or consecutive, but if they are, these include some.
  300.repeat: | number |
    guess := number + 1_000
    exception := catch: rpc.invoke guess 300 [0, UUID, 1, 2]
    guessed.add exception
  tell.call "guessed pids: $(guessed.to-list.join ",")"
  refused := true
  64.repeat: if sends provider it "x": refused = false
  tell.call "system kinds are refused: $refused"
  sends provider 64 "hello"
  tell.call "done"
  own.close

main:
  court := Court
  set-system-message-handler_ 64 court
  court.install
  victim := Client
  victim.open
  proxy := victim.create "kept"
  id := victim.id
  handle := proxy.handle_
  pid := Process.current.id
  spawn:: attack id handle pid
  4.repeat: print court.told.receive
  court.told.receive
  kept := court.resource id handle
  print "the victim is untouched: $(victim.echo "still here"), resource $(kept and not kept.is-closed ? "kept" : "lost")"
  answer := monitor.Latch
  task:: answer.set (victim.sleep "from the provider")
  court.changed.wait: court.entered == 1
  6.repeat: print court.told.receive
  court.gate.up
  print "the victim's call is answered: $answer.get"
  court.changed.wait: not court.foreign.is-empty
  print "a kind of one's own arrives: $court.foreign[0]"
  victim.close
  court.uninstall --wait
