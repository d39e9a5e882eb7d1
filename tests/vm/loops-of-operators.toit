// Loops that begin with an operator on objects give other processes their turns.
// expect exit: 3
// expect: done
main:
  spawn::
    text := "text"
    while true: text + text
  spawn::
    bytes := #[1, 2]
    while true: bytes + bytes
  spawn::
    first := [1]
    second := [1]
    while true: first == second
  5.repeat: sleep --ms=1
  print "done"
  // Ends the others too.
  exit 3
