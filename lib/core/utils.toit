/** Sizes of units, rounding, ending the process, and deprecated names that moved to `system`. */

import system

import .comparable
import .hex
import .objects
import .profiler
import .random
import .task

// Programs import these names from here.
export Profiler critical-do hex-char-to-value hex-digit identical max min random set-random-seed to-lower-case-hex
export to-upper-case-hex with-timeout

/** Bits in a byte. */
BITS-PER-BYTE ::= 8

/** Bytes in a machine word. */
BYTES-PER-WORD ::= 8

/** Bits in a machine word. */
BITS-PER-WORD ::= 64

/** Bytes in a kilobyte. */
KB ::= 1024

/** Bytes in a megabyte. */
MB ::= 1024 * 1024

/**
The smallest multiple of $divisor that is not below $value. The $value must not be negative, and the
  $divisor must be positive.
*/
round-up value/int divisor/int -> int:
  rest := round-rest_ value divisor
  return rest == 0 ? value : value - rest + divisor

/**
The greatest multiple of $divisor that is not above $value. The $value must not be negative, and the
  $divisor must be positive.
*/
round-down value/int divisor/int -> int:
  return value - (round-rest_ value divisor)

round-rest_ value/int divisor/int -> int:
  if value < 0 or divisor <= 0: throw "OUT_OF_RANGE"
  return value % divisor

/** Deprecated. Use $int.count-leading-zeros. */
count-leading-zeros value/int -> int:
  return value.count-leading-zeros

/** Creates a byte array of $size bytes that lies outside the heap. */
create-off-heap-byte-array size/int -> ByteArray:
  return ByteArray.external size

/**
Packages pass this to natives that open a resource. It is null: the process closes all its
  resources when it ends.
*/
resource-freeing-module_ ::= null

/** Ends the process. If $status is not 0, ends the whole program with it. */
exit status/int -> none:
  #primitive.core.exit

/** Sets the memory limit of this process to $size bytes. */
set-max-heap-size_ size/int -> none:
  #primitive.system.set-memory-limit

/** Deprecated. Use $system.platform. */
platform -> string:
  return system.platform

/** Deprecated. Use $system.PLATFORM-FREERTOS. */
PLATFORM-FREERTOS ::= "FreeRTOS"
/** Deprecated. Use $system.PLATFORM-WINDOWS. */
PLATFORM-WINDOWS ::= "Windows"
/** Deprecated. Use $system.PLATFORM-MACOS. */
PLATFORM-MACOS ::= "macOS"
/** Deprecated. Use $system.PLATFORM-LINUX. */
PLATFORM-LINUX ::= "Linux"
/** Deprecated. Use $system.LINE-TERMINATOR. */
LINE-TERMINATOR ::= "\n"

/** Deprecated. Use $system.STATS-INDEX-GC-COUNT. */
STATS-INDEX-GC-COUNT                       ::= 0
/** Deprecated. Use $system.STATS-INDEX-ALLOCATED-MEMORY. */
STATS-INDEX-ALLOCATED-MEMORY               ::= 1
/** Deprecated. Use $system.STATS-INDEX-RESERVED-MEMORY. */
STATS-INDEX-RESERVED-MEMORY                ::= 2
/** Deprecated. Use $system.STATS-INDEX-PROCESS-MESSAGE-COUNT. */
STATS-INDEX-PROCESS-MESSAGE-COUNT          ::= 3
/** Deprecated. Use $system.STATS-INDEX-BYTES-ALLOCATED-IN-OBJECT-HEAP. */
STATS-INDEX-BYTES-ALLOCATED-IN-OBJECT-HEAP ::= 4
/** Deprecated. Use $system.STATS-INDEX-GROUP-ID. */
STATS-INDEX-GROUP-ID                       ::= 5
/** Deprecated. Use $system.STATS-INDEX-PROCESS-ID. */
STATS-INDEX-PROCESS-ID                     ::= 6
/** Deprecated. Use $system.STATS-INDEX-SYSTEM-FREE-MEMORY. */
STATS-INDEX-SYSTEM-FREE-MEMORY             ::= 7
/** Deprecated. Use $system.STATS-INDEX-SYSTEM-LARGEST-FREE. */
STATS-INDEX-SYSTEM-LARGEST-FREE            ::= 8
/** Deprecated. Use $system.STATS-INDEX-FULL-GC-COUNT. */
STATS-INDEX-FULL-GC-COUNT                  ::= 9
/** Deprecated. Use $system.STATS-INDEX-FULL-COMPACTING-GC-COUNT. */
STATS-INDEX-FULL-COMPACTING-GC-COUNT       ::= 10

/** Deprecated. Use $(system.process-stats --gc list). */
process-stats --gc/bool=false list/List=(List 11) -> List:
  return system.process-stats --gc=gc list

/** Deprecated. Use $(system.process-stats --gc group id list). */
process-stats --gc/bool=false group/int id/int list/List=(List 11) -> List?:
  return system.process-stats --gc=gc group id list

/** Deprecated. Use $system.gc-count. */
gc-count -> int:
  return system.gc-count

/** Deprecated. Use $system.program-name. */
program-name -> string?:
  return system.program-name

/** Deprecated. Use $system.vm-sdk-version. */
vm-sdk-version -> string:
  return system.vm-sdk-version

/** Deprecated. Use $system.app-sdk-version. */
app-sdk-version -> string:
  return system.app-sdk-version

/** Deprecated. Use $system.vm-sdk-info. */
vm-sdk-info -> string:
  return system.vm-sdk-info

/** Deprecated. Use $system.vm-sdk-model. */
vm-sdk-model -> string:
  return system.vm-sdk-model

/** Deprecated. Use $system.app-sdk-info. */
app-sdk-info -> string:
  return system.app-sdk-info

/** Deprecated. Use $(system.print-objects --marker --gc). */
print-objects --marker/string="" --gc/bool=false -> none:
  system.print-objects --marker=marker --gc=gc

/** Deprecated. Use $(system.print-objects --marker --gc). */
print-objects marker/string gc/bool=true -> none:
  system.print-objects --marker=marker --gc=gc
