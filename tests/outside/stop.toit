// expect exit: 3
// A program can end while its processes wait for pipes and children.

import .natives

main:
  [false, true].do: | is-input/bool |
    spawn::
      ends := create-pipe pipe-group is-input
      task:: await-state ends[0] READABLE
      // The child does not outlive this: its input ends, or its output has no reader.
      child := is-input
          ? shell "exec cat" --in=ends[1]
          : shell "while echo; do sleep 0.01; done" --out=ends[1]
      await-state child -1
  sleep --ms=50
  exit 3
