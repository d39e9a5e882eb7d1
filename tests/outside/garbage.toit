// expect: all is well
// With any arguments, natives throw or return, and the process continues.

import expect show *

import .natives

VALUES ::= [
  null, true, false, -1, -2, 77, int.MAX, int.MIN, 1 << 32, 1.5, "", "\0", "none/such", "x" * 5000, #[], #[1, 2, 3],
  [], ["a", null], Array_ 0, Array_.ensure [1, "x"], Array_.ensure [Array_.ensure [null]], {:}, Object,
]

NATIVES_0 ::= [:: cwd, :: pipe-group, :: child-group]

NATIVES_1 ::= [
  :: read-file it, :: close-file it, :: is-open-file it, :: unlink it, :: readlink it, :: rmdir it,
  :: next-name it, :: close-folder it, :: chdir it, :: realpath it, :: number-of it, :: read-pipe it,
  :: is-terminal it, :: wait-for it, :: ignore it, :: signal-text it, :: get-env it, :: release it, :: abandon it,
]

NATIVES_2 ::= [
  :: | a b | stat a b,
  :: | a b | rename a b,
  :: | a b | chmod a b,
  :: | a b | pipe-of a b,
  :: | a b | close-pipe a b,
  :: | a b | kill a b,
  :: | a b | set-env a b,
  :: | a b | await-state a b,
]

NATIVES_MORE ::= [
  :: | pick | open pick.call pick.call pick.call,
  :: | pick | link pick.call pick.call pick.call,
  :: | pick | write-file pick.call pick.call pick.call pick.call,
  :: | pick | write-pipe pick.call pick.call pick.call pick.call,
  :: | pick | update-times pick.call pick.call pick.call pick.call pick.call,
  :: | pick | fork null pick.call pick.call pick.call pick.call pick.call pick.call pick.call pick.call pick.call,
  :: | pick | fork null true -1 -1 -1 pick.call pick.call pick.call pick.call pick.call,
]

main:
  set-random-seed "garbage"
  NATIVES_0.do: | native/Lambda | catch: native.call
  with-folder: | folder/string |
    chdir folder
    VALUES.do: | a |
      NATIVES_1.do: | native/Lambda | catch: native.call a
      VALUES.do: | b | NATIVES_2.do: | native/Lambda | catch: native.call a b
      // These make files and folders, and no value is a suitable name for one.
      catch: mkdir a 0
      catch: mkdtemp a
      catch: open-folder null a
      catch: create-pipe null a
    NATIVES_MORE.do: | native/Lambda |
      150.repeat: catch: native.call (:: VALUES[random VALUES.size])
    chdir "/"
  print "all is well"
