// Buckets and regions.

import expect show *
import system.storage

main:
  buckets-are-apart
  values-of-all-kinds
  absent-keys
  ram-is-small
  closed-buckets
  bad-uris
  regions-are-made-and-deleted
  one-client-at-a-time
  flash-clears-bits
  bounds
  pages
  large-regions
  regions-do-not-switch-tasks
  streams
  read-only

buckets-are-apart:
  a := storage.Bucket.open --ram "a"
  b := storage.Bucket.open --flash "a"
  c := storage.Bucket.open --flash "c"
  a["x"] = 1
  b["x"] = 2
  expect-equals [1, 2, null] [a["x"], b["x"], c.get "x"]
  again := storage.Bucket.open "flash:a"
  expect-equals "flash:a" again.uri
  expect-equals 2 again["x"]
  again.remove "x"
  again.remove "x"
  expect-null (b.get "x")
  expect-equals 1 a["x"]

values-of-all-kinds:
  bucket := storage.Bucket.open --flash "kinds"
  [null, true, 42, 1.5, "text", #[1, 2], [1, [2]], {"k": {3: 4}}, ByteArray 40_000: it].do: | value |
    bucket["key"] = value
    2.repeat: expect-structural-equals value bucket["key"]
  expect-throw "OUT_OF_SPACE": bucket["key"] = ByteArray 70_000
  bucket[""] = "empty"
  expect-equals "empty" bucket[""]
  expect-throw "Bad Argument": bucket["k" * 1025] = 1

absent-keys:
  bucket := storage.Bucket.open --flash "absent"
  expect-throw "key not found": bucket["x"]
  expect-equals "x!" (bucket.get "x" --if-absent=: "$it!")
  expect-null (bucket.get "x" --if-present=: throw it)
  expect-equals 3 (bucket.get "x" --init=: 3)
  expect-equals 3 (bucket.get "x" --init=: 4)
  expect-equals 4 (bucket.get "x" --if-present=(: it + 1) --if-absent=(: 0))

ram-is-small:
  bucket := storage.Bucket.open --ram "small"
  expect-throw "OUT_OF_SPACE": bucket["x"] = "12345678" * 1024
  kept := 0
  while not (catch: bucket["$kept"] = "x" * 100): kept++
  expect 16 < kept < 80
  kept.repeat: bucket.remove "$it"
  bucket["again"] = "x" * 4000
  bucket.remove "again"

closed-buckets:
  bucket := storage.Bucket.open --flash "closed"
  bucket.close
  expect-throw "ALREADY_CLOSED": bucket.get "x"
  expect-throw "ALREADY_CLOSED": bucket["x"] = 1
  expect-throw "ALREADY_CLOSED": bucket.remove "x"

bad-uris:
  expect-throw "No scheme provided": storage.Bucket.open "plain"
  expect-throw "Paths cannot contain ':'": storage.Bucket.open "flash:a:b"
  expect-throw "Unsupported scheme: floppy": storage.Bucket.open "floppy:a"
  expect-throw "Unsupported scheme: ram": storage.Region.open "ram:a" --capacity=1
  expect-throw "FILE_NOT_FOUND": storage.Region.open --partition "boot"
  expect-throw "Bad Argument": storage.Region.open --flash "a" --capacity=0
  expect-throw "Bad Argument": storage.Bucket.open --no-ram "a"

regions-are-made-and-deleted:
  storage.Region.delete --flash "r"
  expect-throw "FILE_NOT_FOUND": storage.Region.open --flash "r"
  region := storage.Region.open --flash "r" --capacity=5000
  expect-equals 8192 region.size
  expect region.is-erased
  region.write --at=0 #[1]
  region.close
  expect-throw "ALREADY_CLOSED": region.read --from=0 --to=1
  expect-throw "ALREADY_CLOSED": region.write --at=0 #[1]
  expect-throw "ALREADY_CLOSED": region.is-erased
  expect-throw "ALREADY_CLOSED": region.erase
  expect-throw "Existing region is too small": storage.Region.open --flash "r" --capacity=8193
  region = storage.Region.open "flash:r"
  expect-equals #[1, 0xff] (region.read --from=0 --to=2)
  expect-equals ["flash:r"] (storage.Region.list --flash)
  expect-throw "ALREADY_IN_USE": storage.Region.delete "flash:r"
  region.close
  storage.Region.delete "flash:r"
  expect-equals [] (storage.Region.list --flash)
  region = storage.Region.open --flash "r" --capacity=1
  expect region.is-erased
  region.close
  expect-throw "OUT_OF_SPACE": storage.Region.open --flash "huge" --capacity=1 << 30

/** A region is free again when its client has ended, for any reason. */
one-client-at-a-time:
  region := storage.Region.open --flash "one" --capacity=1
  expect-throw "ALREADY_IN_USE": storage.Region.open --flash "one"
  region.close
  (storage.Region.open --flash "one").close

flash-clears-bits:
  region := storage.Region.open --flash "bits" --capacity=1
  expect-equals 0xff region.erase-value
  expect-equals [false, true] [region.write-can-set-bits, region.write-can-clear-bits]
  region.write --at=3 #[0b1010_1010]
  region.write --at=3 #[0b1111_0000]
  expect-equals #[0xff, 0b1010_0000, 0xff] (region.read --from=2 --to=5)
  region.write --at=10 "text"
  region.write --at=14 #['!']
  expect-equals "text!" (region.read --from=10 --to=15).to-string
  expect (region.is-erased --from=4 --to=10)
  expect-not (region.is-erased --from=3 --to=10)
  expect-not (region.is-erased --from=4 --to=11)
  region.erase
  expect region.is-erased
  region.close

bounds:
  region := storage.Region.open --flash "bounds" --capacity=8192
  [[-1, 0], [0, 8193], [8192, 8193], [1 << 62, (1 << 62) + 1]].do: | range/List |
    from := range[0]
    to := range[1]
    expect-throw "OUT_OF_BOUNDS": region.read --from=from --to=to
    expect-throw "OUT_OF_BOUNDS": region.write --at=from (ByteArray to - from)
    expect-throw "OUT_OF_BOUNDS": region.is-erased --from=from --to=to
    expect-throw "OUT_OF_BOUNDS": region.stream --from=from --to=to
  expect-equals #[] (region.read --from=8192 --to=8192)
  region.write --at=8192 #[]
  expect-throw "OUT_OF_BOUNDS": region.is-erased --from=0 --to=0
  expect-throw "OUT_OF_BOUNDS": region.erase --from=4096 --to=0
  expect-throw "OUT_OF_BOUNDS": region.erase --from=-4096
  expect-throw "OUT_OF_BOUNDS": region.erase --to=0x7fff_f000
  expect-throw "Bad Argument": region.erase --from=1
  expect-throw "Bad Argument": region.erase --to=4097
  region.close

pages:
  region := storage.Region.open --flash "pages" --capacity=3 * 4096
  region.write --at=0 (ByteArray region.size)
  region.erase --from=4096 --to=8192
  expect-equals #[0, 0xff] (region.read --from=4095 --to=4097)
  expect-equals #[0xff, 0] (region.read --from=8191 --to=8193)
  expect (region.is-erased --from=4096 --to=8192)
  region.close

large-regions:
  region := storage.Region.open --flash "large" --capacity=300_000
  content := ByteArray region.size: (it * 7) >> 3
  region.write --at=0 content
  expect-equals content (region.read --from=0 --to=region.size)
  // The program still owns the written data.
  expect-equals 303_104 content.size
  expect-equals content[99_999..200_001] (region.read --from=99_999 --to=200_001)
  region.close
  storage.Region.delete region.uri

/** An operation on a region is one step: no other task runs in the middle. */
regions-do-not-switch-tasks:
  region := storage.Region.open --flash "steps" --capacity=8192
  is-busy := false
  trace := []
  2.repeat: | name |
    task::
      20.repeat:
        expect-not is-busy
        is-busy = true
        region.write --at=0 (ByteArray 8192: it)
        region.read --from=0 --to=8192
        expect-not region.is-erased
        region.erase
        (region.stream --from=0 --to=64).read
        is-busy = false
        trace.add name
  while trace.size < 40: sleep --ms=1
  expect-equals (List 40: it / 20) trace
  region.close

streams:
  region := storage.Region.open --flash "streams" --capacity=4096
  content := ByteArray 4096: it
  region.write --at=0 content
  expect-equals content (region.stream.read-bytes 4096)
  expect-equals content[7..99] ((region.stream --from=7 --to=99 --max-size=17).read-bytes 92)
  [0, 1, 15, 16].do: expect-equals 0 (it + (region.stream --from=it).read.size) % 16
  expect-null (region.stream --from=5 --to=5).read
  expect-throw "Bad Argument": region.stream --max-size=15
  region.close

read-only:
  region := storage.Region.open --flash "streams" --no-writable
  expect-equals #[7] (region.read --from=7 --to=8)
  expect-throw "PERMISSION_DENIED": region.write --at=0 #[1]
  expect-throw "PERMISSION_DENIED": region.erase
  region.close
