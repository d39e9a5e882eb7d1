// helper
// The natives of the outside, as a package for hosts would declare them, and some helpers.

import monitor show ResourceState_

READABLE ::= 1 | 4
WRITABLE ::= 2 | 8

open path flags permissions -> any:
  #primitive.file.open

read-file handle -> ByteArray?:
  #primitive.file.read

write-file handle data from to -> any:
  #primitive.file.write

close-file handle -> none:
  #primitive.file.close

is-open-file handle -> bool:
  #primitive.file.is-open-file

stat path follow-links -> any:
  #primitive.file.stat

unlink path -> none:
  #primitive.file.unlink

rename from to -> none:
  #primitive.file.rename

link path target kind -> none:
  #primitive.file.link

readlink path -> string:
  #primitive.file.readlink

chmod path permissions -> none:
  #primitive.file.chmod

update-times path access-s access-ns modification-s modification-ns -> none:
  #primitive.file.update-times

mkdir path permissions -> none:
  #primitive.file.mkdir

mkdtemp prefix -> ByteArray:
  #primitive.file.mkdtemp

rmdir path -> none:
  #primitive.file.rmdir

open-folder group path -> any:
  #primitive.file.opendir2

next-name folder -> ByteArray?:
  #primitive.file.readdir

close-folder folder -> none:
  #primitive.file.closedir

chdir path -> none:
  #primitive.file.chdir

cwd -> string:
  #primitive.file.cwd

realpath path -> string?:
  #primitive.file.realpath

pipe-group -> any:
  #primitive.pipe.init

create-pipe group is-input -> any:
  #primitive.pipe.create-pipe

pipe-of group number -> any:
  #primitive.pipe.fd-to-pipe

number-of pipe -> any:
  #primitive.pipe.fd

read-pipe pipe -> any:
  #primitive.pipe.read

write-pipe pipe data from to -> any:
  #primitive.pipe.write

close-pipe pipe group -> none:
  #primitive.pipe.close

is-terminal pipe -> bool:
  #primitive.pipe.is-a-tty

fork group use-path in out error fd-3 fd-4 command arguments environment -> any:
  #primitive.pipe.fork2

child-group -> any:
  #primitive.subprocess.init

wait-for child -> none:
  #primitive.subprocess.wait-for

ignore child -> none:
  #primitive.subprocess.dont-wait-for

kill child signal -> none:
  #primitive.subprocess.kill

signal-text signal -> string:
  #primitive.subprocess.strsignal

get-env name -> string?:
  #primitive.core.get-env

set-env name value -> none:
  #primitive.core.set-env

await-state resource bits -> any:
  #primitive.outside.await-state

release resource -> none:
  #primitive.outside.release

abandon resource -> none:
  #primitive.outside.abandon

/** A child that runs a $script of the shell, with streams that are -1 for those of this program. */
shell script/string --in=-1 --out=-1 --error=-1 --fd-3=-1 --fd-4=-1 --environment=null -> int:
  arguments := Array_.ensure ["sh", "-c", script]
  return fork child-group true in out error fd-3 fd-4 "sh" arguments environment

/** How a $child ended. */
end-of child/int -> int:
  wait-for child
  state := ResourceState_ child-group child
  result := state.wait
  state.dispose
  return result

/** The end of a child that has exited with a $code. */
exited code/int -> int:
  return 1 | code << 2

/** All data from a $pipe, which is closed then. */
read-all pipe/int -> string:
  bytes := #[]
  state := ResourceState_ pipe-group pipe
  try:
    while true:
      state.wait-for-state READABLE
      part := read-pipe pipe
      if part == null: break
      if part != -1: bytes += part
  finally:
    state.dispose
  close-pipe pipe pipe-group
  return bytes.to-string

/** Writes all $data into a $pipe. */
write-all pipe/int data -> none:
  state := ResourceState_ pipe-group pipe
  // If an exception left it undisposed, its finalizer would close the pipe at some later time.
  try:
    written := 0
    while written < data.size:
      state.wait-for-state WRITABLE
      written += write-pipe pipe data written data.size
  finally:
    state.dispose

/** The output of a shell $script. */
output-of script/string --environment=null -> string:
  ends := create-pipe pipe-group false
  child := shell script --out=ends[1] --environment=environment
  output := read-all ends[0]
  if (end-of child) != (exited 0): throw "the script failed"
  return output

/** Calls $block with a new folder. */
with-folder [block] -> none:
  folder := (mkdtemp "/tmp/lucarne-").to-string
  try:
    block.call folder
  finally:
    output-of "rm -rf $folder"
