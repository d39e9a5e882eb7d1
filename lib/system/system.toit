/** Information about the system that runs the program. */

/** Bits in a byte. */
BITS-PER-BYTE ::= 8
/** Bytes in a machine word. */
BYTES-PER-WORD ::= 8
/** Bits in a machine word. */
BITS-PER-WORD ::= 64

/** A value of $platform. */
PLATFORM-FREERTOS ::= "FreeRTOS"
/** A value of $platform. */
PLATFORM-WINDOWS ::= "Windows"
/** A value of $platform. */
PLATFORM-MACOS ::= "macOS"
/** A value of $platform. */
PLATFORM-LINUX ::= "Linux"

/** The operating system. */
platform -> string:
  #primitive.system.platform

/** A value of $architecture. */
ARCHITECTURE-ARM64 ::= "arm64"
/** A value of $architecture. */
ARCHITECTURE-ARM ::= "arm"
/** A value of $architecture. */
ARCHITECTURE-X86 ::= "x86"
/** A value of $architecture. */
ARCHITECTURE-X86-64 ::= "x86_64"
/** A value of $architecture. */
ARCHITECTURE-ESP32 ::= "esp32"
/** A value of $architecture. */
ARCHITECTURE-ESP32C3 ::= "esp32c3"
/** A value of $architecture. */
ARCHITECTURE-ESP32C6 ::= "esp32c6"
/** A value of $architecture. */
ARCHITECTURE-ESP32P4 ::= "esp32p4"
/** A value of $architecture. */
ARCHITECTURE-ESP32S2 ::= "esp32s2"
/** A value of $architecture. */
ARCHITECTURE-ESP32S3 ::= "esp32s3"

/** The kind of processor. */
architecture -> string:
  #primitive.system.architecture

/** The line separator in files of this platform. */
LINE-TERMINATOR ::= platform == PLATFORM-WINDOWS ? "\r\n" : "\n"

/** Index in $process-stats: minor collections so far. */
STATS-INDEX-GC-COUNT                       ::= 0
/** Index in $process-stats: bytes in use. */
STATS-INDEX-ALLOCATED-MEMORY               ::= 1
/** Index in $process-stats: bytes set aside for the heap. */
STATS-INDEX-RESERVED-MEMORY                ::= 2
/** Index in $process-stats: always 0 in this system. */
STATS-INDEX-PROCESS-MESSAGE-COUNT          ::= 3
/** Index in $process-stats: bytes allocated so far, freed ones included. */
STATS-INDEX-BYTES-ALLOCATED-IN-OBJECT-HEAP ::= 4
/** Index in $process-stats: the group. */
STATS-INDEX-GROUP-ID                       ::= 5
/** Index in $process-stats: the process. */
STATS-INDEX-PROCESS-ID                     ::= 6
/** Index in $process-stats: bytes that this process can still use before it reaches its limit. */
STATS-INDEX-SYSTEM-FREE-MEMORY             ::= 7
/** Index in $process-stats: the same as $STATS-INDEX-SYSTEM-FREE-MEMORY. */
STATS-INDEX-SYSTEM-LARGEST-FREE            ::= 8
/** Index in $process-stats: full collections so far. */
STATS-INDEX-FULL-GC-COUNT                  ::= 9
/** Index in $process-stats: full collections that moved objects. In this system, all of them do. */
STATS-INDEX-FULL-COMPACTING-GC-COUNT       ::= 10
STATS-LIST-SIZE_                           ::= 11

/**
Statistics of this process, by the `STATS-INDEX` constants.

Fills $list as far as it goes, and returns it. With $gc, collects garbage first.
*/
process-stats --gc/bool=false list/List=(List STATS-LIST-SIZE_) -> List:
  return process-stats --gc=gc -1 -1 list

/** Variant of $(process-stats --gc list) that returns null unless $id is this process or -1. Ignores the $group. */
process-stats --gc/bool=false group/int id/int list/List=(List STATS-LIST-SIZE_) -> List?:
  if gc: collect-garbage_
  figures := process-stats_ group id
  if not figures: return null
  list.replace 0 figures 0 (min list.size figures.size)
  return list

process-stats_ group/int id/int -> Array_?:
  #primitive.system.process-stats

collect-garbage_ -> none:
  #primitive.system.collect-garbage

/** The number of collections in this process so far. */
gc-count -> int:
  stats := process-stats
  return stats[STATS-INDEX-GC-COUNT] + stats[STATS-INDEX-FULL-GC-COUNT]

/** Deprecated. Use $process-stats. Bytes allocated since the last call. */
bytes-allocated-delta -> int:
  total := process-stats[STATS-INDEX-BYTES-ALLOCATED-IN-OBJECT-HEAP]
  delta := total - bytes-allocated-before_
  bytes-allocated-before_ = total
  return delta

bytes-allocated-before_/int := 0

/** The version of this system. */
vm-sdk-version -> string:
  #primitive.system.version

/** The name of this system. */
vm-sdk-info -> string:
  return "Lucarne $vm-sdk-version"

/** The kind of machine that this system is made for. */
vm-sdk-model -> string:
  return "host"

/** The version of the system that compiled this program. */
app-sdk-version -> string:
  return vm-sdk-version

/** The compiler of this program. */
app-sdk-info -> string:
  return vm-sdk-info

/**
Trades memory for speed: at 0 percent this process keeps its heap small, at 100
  it seldom collects garbage.
*/
tune-memory-use percent/int -> none:
  #primitive.system.tune-memory

/** Prints the number of objects of each class, under $marker. With $gc, collects garbage first. */
print-objects --marker/string="" --gc/bool=false -> none:
  if gc: collect-garbage_
  print-on-stderr_ "Objects in process $Process.current.id $marker\n$histogram_"

histogram_ -> string:
  #primitive.system.histogram

/** Prints the memory usage of this process, under $marker. Ignores $max-pages: this system has no pages. */
serial-print-heap-report marker/string="" max-pages/int=0 -> none:
  stats := process-stats
  used := stats[STATS-INDEX-ALLOCATED-MEMORY]
  reserved := stats[STATS-INDEX-RESERVED-MEMORY]
  print-on-stderr_ "Heap of process $Process.current.id $marker: $used bytes used, $reserved reserved"

/** The path from which the program was started, as given; null if it is unknown. */
program-name -> string?:
  #primitive.system.program-name

/** The full path from which the program was started; null if it is unknown. */
program-path -> string?:
  #primitive.system.program-path

/** The name of the machine. */
hostname -> string:
  #primitive.system.hostname

/** Always throws: only the owner of the machine can set its name. */
hostname= hostname/string -> none:
  throw "UNSUPPORTED"
