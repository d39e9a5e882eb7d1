// helper
// The program of all guests of the hostile tests. The first argument is the role of the container: "victim",
// "bystander", "look after", or an attack of the table in tests/hostile/table.rs.
import .ciphers
import .floods
import .forgers
import .hogs
import .house

main arguments:
  // A container that the flood of instances has started.
  if arguments is not List:
    sleep --ms=3_600_000
    return
  role := arguments[0]
  if role == "victim": victim
  else if role == "bystander": bystander (int.parse arguments[1])
  else if role == "look after": look-after
  else:
    without-end
        FLOODS.get role --if-absent=:
          FORGERIES.get role --if-absent=:
            CIPHERS.get role --if-absent=: HOGS[role]

/** Repeats an attack, whatever it throws. An attack that fails at once does not become a hog. */
without-end attack/Lambda -> none:
  while true:
    before := Time.monotonic-us
    note: attack.call
    if Time.monotonic-us - before < 1_000: sleep --ms=1
