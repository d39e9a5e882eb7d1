/**
Storage that outlives a program: buckets of keys and values, and regions of bytes.

Each container has its own. On a device, data in flash memory survives restarts, until the container
  is uninstalled; data in RAM survives restarts of the container, but not of the device. With
  `lucarne run`, all data is dropped when the program ends.
*/

import encoding.tison
import io

import system.api.storage show StorageServiceClient
import system.services show ServiceResourceProxy

import ..io.data show data-bytes_

/** The number of bytes that a call reads from or writes to a region, at most. */
STEP_ ::= 32 * 1024

service_/StorageServiceClient? ::= (StorageServiceClient).open --if-absent=: null

storage-client_ -> StorageServiceClient:
  if not service_: throw "UNSUPPORTED"
  return service_

/** Calls $block with the scheme and the path that a $uri consists of. */
split_ uri/string [block] -> any:
  colon := uri.index-of ":" --if-absent=: throw "No scheme provided"
  return block.call uri[..colon] uri[colon + 1 ..]

check-path_ path/string -> none:
  if path.contains ":": throw "Paths cannot contain ':'"

/**
Keys with values that outlive the program.

Values are objects that `encoding.tison` can encode.
*/
class Bucket extends ServiceResourceProxy:
  static SCHEME-FLASH ::= "flash"
  static SCHEME-RAM   ::= "ram"

  scheme/string
  path/string

  constructor.internal_ client/StorageServiceClient handle/int --.scheme --.path:
    super client handle

  /** The address of the bucket: scheme and path. */
  uri -> string:
    return "$scheme:$path"

  /** Opens the bucket of a $uri like `flash:example.com/settings`. */
  static open uri/string -> Bucket:
    return split_ uri: | scheme path | open --scheme=scheme --path=path

  /** Opens a bucket in RAM. */
  static open --ram/bool path/string -> Bucket:
    if not ram: throw "Bad Argument"
    return open --scheme=SCHEME-RAM --path=path

  /** Opens a bucket in flash memory. */
  static open --flash/bool path/string -> Bucket:
    if not flash: throw "Bad Argument"
    return open --scheme=SCHEME-FLASH --path=path

  /** Opens a bucket. If it does not exist, it is empty. */
  static open --scheme/string --path/string -> Bucket:
    client := storage-client_
    check-path_ path
    handle := client.bucket-open --scheme=scheme --path=path
    return Bucket.internal_ client handle --scheme=scheme --path=path

  /** The value of $key; null if there is none. */
  get key/string -> any:
    return get key --if-present=(: it) --if-absent=: null

  /** The value of $key. If it is missing, the result of $if-absent. */
  get key/string [--if-absent] -> any:
    return get key --if-absent=if-absent --if-present=: it

  /** The result of $if-present for the value of $key; null if it is missing. */
  get key/string [--if-present] -> any:
    return get key --if-present=if-present --if-absent=: null

  /**
  The result of $if-present for the value of $key. If it is missing, the result of $if-absent for
    the key.
  */
  get key/string [--if-present] [--if-absent] -> any:
    bytes := storage_.bucket-get open-handle_ key
    if not bytes: return if-absent.call key
    value := null
    // An unreadable value counts as missing.
    if (catch: value = tison.decode bytes): return if-absent.call key
    return if-present.call value

  /** The value of $key. If it is missing, it is set to the result of $init. */
  get key/string [--init] -> any:
    return get key --if-absent=: this[key] = init.call

  /** The value of $key. Throws if there is none. */
  operator [] key/string -> any:
    return get key --if-absent=: throw "key not found"

  /** Sets the value of $key. The value has been stored when this method returns. */
  operator []= key/string value/any -> any:
    storage_.bucket-set open-handle_ key (tison.encode value)
    return value

  /** Removes $key, if it is there. */
  remove key/string -> none:
    storage_.bucket-remove open-handle_ key

  storage_ -> StorageServiceClient:
    return client_ as StorageServiceClient

  open-handle_ -> int:
    if is-closed: throw "ALREADY_CLOSED"
    return handle_

/**
A sequence of bytes that outlives the program, and works like flash memory: $write can clear
  bits, $erase sets them.

A region can be open only once at a time.

Reading, writing and erasing are single steps: the other tasks of the process do not run meanwhile. But if
  a container provides the storage in the place of the system, each of them is a call, during which other
  tasks can run.
*/
class Region extends ServiceResourceProxy:
  static SCHEME-FLASH     ::= "flash"
  static SCHEME-PARTITION ::= "partition"

  static WRITE-CAN-SET-BITS_   ::= 1
  static WRITE-CAN-CLEAR-BITS_ ::= 2

  scheme/string
  path/string
  /** The size of the region, in bytes. */
  size/int
  /** Erased ranges must begin and end at multiples of this number of bytes. */
  erase-granularity/int
  mode_/int
  /** The region for native steps; null if a container provides the storage. */
  native_/any

  constructor.internal_ client/StorageServiceClient reply/List --.scheme --.path:
    size = reply[2]
    erase-granularity = 1 << reply[3]
    mode_ = reply[4]
    native_ = region-find_ client.pid_ path
    super client reply[0]

  /** The address of the region: scheme and path. */
  uri -> string:
    return "$scheme:$path"

  /** The value of erased bytes. */
  erase-value -> int:
    return write-can-set-bits ? 0x00 : 0xff

  /** Whether $write changes bits from 0 to 1. */
  write-can-set-bits -> bool:
    return mode_ & WRITE-CAN-SET-BITS_ != 0

  /** Whether $write changes bits from 1 to 0. */
  write-can-clear-bits -> bool:
    return mode_ & WRITE-CAN-CLEAR-BITS_ != 0

  /** Opens the region of a $uri like `flash:example.com/images`; see $(open --scheme --path). */
  static open uri/string --capacity/int?=null --writable/bool=true -> Region:
    return split_ uri: | scheme path |
      open --scheme=scheme --path=path --capacity=capacity --writable=writable

  /** Opens a region in flash memory; see $(open --scheme --path). */
  static open --flash/bool path/string --capacity/int?=null --writable/bool=true -> Region:
    if not flash: throw "Bad Argument"
    return open --scheme=SCHEME-FLASH --path=path --capacity=capacity --writable=writable

  /** Opens a partition of the device; see $(open --scheme --path). A host has no partitions. */
  static open --partition/bool path/string --capacity/int?=null --writable/bool=true -> Region:
    if not partition: throw "Bad Argument"
    return open --scheme=SCHEME-PARTITION --path=path --capacity=capacity --writable=writable

  /**
  Opens a region.

  If it does not exist, makes one with room for $capacity bytes, which must be given then. If it
    exists, throws if it has less room. Unless $writable, it can only be read.
  */
  static open --scheme/string --path/string --capacity/int?=null --writable/bool=true -> Region:
    client := storage-client_
    if capacity and capacity < 1: throw "Bad Argument"
    check-path_ path
    reply := client.region-open --scheme=scheme --path=path --capacity=capacity --writable=writable
    return Region.internal_ client reply --scheme=scheme --path=path

  /** Deletes the region of a $uri, if there is one. Throws if it is open. */
  static delete uri/string -> none:
    split_ uri: | scheme path | delete --scheme=scheme --path=path

  /** Deletes a region in flash memory, if there is one. Throws if it is open. */
  static delete --flash/bool path/string -> none:
    if not flash: throw "Bad Argument"
    delete --scheme=SCHEME-FLASH --path=path

  /** Deletes a region, if there is one. Throws if it is open. */
  static delete --scheme/string --path/string -> none:
    storage-client_.region-delete --scheme=scheme --path=path

  /** The URIs of all regions in flash memory. */
  static list --flash/bool -> List:
    if not flash: throw "Bad Argument"
    return list --scheme=SCHEME-FLASH

  /** The URIs of all regions. */
  static list --scheme/string -> List:
    return storage-client_.region-list --scheme=scheme

  /** Fills $bytes with bytes of this region, starting at the offset $from. */
  read --from/int bytes/ByteArray -> none:
    handle := open-handle_
    native := native_
    if native:
      region-read_ native from bytes
      return
    check-range_ from bytes.size
    in-steps_ bytes.size: | done count |
      bytes.replace done (storage_.region-read handle --from=from + done --size=count)

  /** The bytes from the offset $from to the offset $to (exclusive). */
  read --from/int --to/int -> ByteArray:
    bytes := ByteArray to - from
    read --from=from bytes
    return bytes

  /** Reads the bytes from the offset $from to the offset $to (exclusive), at most $max-size at a time. */
  stream --from/int=0 --to/int=size --max-size/int=256 -> io.Reader:
    if not 0 <= from <= to <= size: throw "OUT_OF_BOUNDS"
    if max-size < 16: throw "Bad Argument"
    return RegionReader_ this from to max-size

  /** Deprecated. Use $(write --at data). */
  write --from/int bytes/ByteArray -> none:
    write --at=from bytes

  /** Writes $data at the offset $at. Clears the existing bits that are not set in $data. */
  write --at/int data/io.Data -> none:
    handle := open-handle_
    native := native_
    if native:
      region-write_ native at (data-bytes_ data)
      return
    total := data.byte-size
    check-range_ at total
    // An empty write is sent too, so that the provider can report a missing permission.
    if total == 0: storage_.region-write handle #[] --at=at
    in-steps_ total: | done count |
      bytes := ByteArray count
      data.write-to-byte-array bytes --at=0 done (done + count)
      storage_.region-write handle bytes --at=at + done

  /**
  Whether all bytes from the offset $from to the offset $to (exclusive) are erased. There must be at
    least one.
  */
  is-erased --from/int=0 --to/int=size -> bool:
    handle := open-handle_
    native := native_
    if native: return region-is-erased_ native from to - from
    return storage_.region-is-erased handle --from=from --size=to - from

  /** Erases the bytes from the offset $from to $to (exclusive), both multiples of $erase-granularity. */
  erase --from/int=0 --to/int=size -> none:
    handle := open-handle_
    native := native_
    if native:
      region-erase_ native from to - from
      return
    storage_.region-erase handle --from=from --size=to - from

  storage_ -> StorageServiceClient:
    return client_ as StorageServiceClient

  open-handle_ -> int:
    if is-closed: throw "ALREADY_CLOSED"
    return handle_

  check-range_ from/int count/int -> none:
    if not 0 <= from <= size - count: throw "OUT_OF_BOUNDS"

  in-steps_ total/int [block] -> none:
    for done := 0; done < total; done += STEP_: block.call done (min STEP_ total - done)

/** Reads a region in pieces that end at multiples of 16 bytes. */
class RegionReader_ extends io.Reader:
  region_/Region
  from_/int := ?
  to_/int
  max-size_/int
  content-size/int

  constructor .region_ .from_ .to_ .max-size_:
    content-size = to_ - from_

  read_ -> ByteArray?:
    if from_ == to_: return null
    end := min to_ (round-down from_ + max-size_ 16)
    bytes := region_.read --from=from_ --to=end
    from_ = end
    return bytes

/** The region with this $path, which is open at the provider with this $pid; null if the system is not the provider. */
region-find_ pid/int path/string -> any:
  #primitive.storage.find-region

region-read_ region from/int bytes/ByteArray -> none:
  #primitive.storage.read

region-write_ region at/int data/any -> none:
  #primitive.storage.write

region-is-erased_ region from/int size/int -> bool:
  #primitive.storage.is-erased

region-erase_ region from/int size/int -> none:
  #primitive.storage.erase
