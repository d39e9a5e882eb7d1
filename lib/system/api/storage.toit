import system.services show ServiceClient ServiceSelector

/** A container that provides this keeps the buckets and regions of others. */
interface StorageService:
  static SELECTOR ::= ServiceSelector
      --uuid="ee91ed5e-85dd-47dd-a57a-7b6933fa58ea"
      --major=0
      --minor=3

  /** Opens a bucket. Returns its handle. */
  bucket-open --scheme/string --path/string -> int
  static BUCKET-OPEN-INDEX /int ::= 0

  /** The bytes of a $key in a $bucket; null if there are none. */
  bucket-get bucket/int key/string -> ByteArray?
  static BUCKET-GET-INDEX /int ::= 1

  /** Stores $value for a $key in a $bucket. */
  bucket-set bucket/int key/string value/ByteArray -> none
  static BUCKET-SET-INDEX /int ::= 2

  /** Removes a $key from a $bucket. */
  bucket-remove bucket/int key/string -> none
  static BUCKET-REMOVE-INDEX /int ::= 3

  /**
  Opens a region, which is made if there is none and a $capacity is given.

  Returns its handle, its offset in the medium, its size, the base-2 logarithm of the size
    of its pages, and the flags that say in which ways its bits can be written.
  */
  region-open --scheme/string --path/string --capacity/int? --writable/bool -> List
  static REGION-OPEN-INDEX /int ::= 4

  /** Deletes a region. */
  region-delete --scheme/string --path/string -> none
  static REGION-DELETE-INDEX /int ::= 5

  /** The URIs of all regions. */
  region-list --scheme/string -> List
  static REGION-LIST-INDEX /int ::= 6

  /** Reads up to 64 KiB of a $region. */
  region-read region/int --from/int --size/int -> ByteArray
  static REGION-READ-INDEX /int ::= 7

  /** Writes up to 64 KiB to a $region. */
  region-write region/int bytes/ByteArray --at/int -> none
  static REGION-WRITE-INDEX /int ::= 8

  /** Whether part of a $region is erased. */
  region-is-erased region/int --from/int --size/int -> bool
  static REGION-IS-ERASED-INDEX /int ::= 9

  /** Erases pages of a $region. */
  region-erase region/int --from/int --size/int -> none
  static REGION-ERASE-INDEX /int ::= 10

class StorageServiceClient extends ServiceClient implements StorageService:
  static SELECTOR ::= StorageService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** See $StorageService.bucket-open. */
  bucket-open --scheme/string --path/string -> int:
    return invoke_ StorageService.BUCKET-OPEN-INDEX [scheme, path]

  /** See $StorageService.bucket-get. */
  bucket-get bucket/int key/string -> ByteArray?:
    return invoke_ StorageService.BUCKET-GET-INDEX [bucket, key]

  /** See $StorageService.bucket-set. */
  bucket-set bucket/int key/string value/ByteArray -> none:
    invoke_ StorageService.BUCKET-SET-INDEX [bucket, key, value]

  /** See $StorageService.bucket-remove. */
  bucket-remove bucket/int key/string -> none:
    invoke_ StorageService.BUCKET-REMOVE-INDEX [bucket, key]

  /** See $StorageService.region-open. */
  region-open --scheme/string --path/string --capacity/int? --writable/bool -> List:
    return invoke_ StorageService.REGION-OPEN-INDEX [scheme, path, capacity, writable]

  /** See $StorageService.region-delete. */
  region-delete --scheme/string --path/string -> none:
    invoke_ StorageService.REGION-DELETE-INDEX [scheme, path]

  /** See $StorageService.region-list. */
  region-list --scheme/string -> List:
    return invoke_ StorageService.REGION-LIST-INDEX scheme

  /** See $StorageService.region-read. */
  region-read region/int --from/int --size/int -> ByteArray:
    return invoke_ StorageService.REGION-READ-INDEX [region, from, size]

  /** See $StorageService.region-write. */
  region-write region/int bytes/ByteArray --at/int -> none:
    invoke_ StorageService.REGION-WRITE-INDEX [region, at, bytes]

  /** See $StorageService.region-is-erased. */
  region-is-erased region/int --from/int --size/int -> bool:
    return invoke_ StorageService.REGION-IS-ERASED-INDEX [region, from, size]

  /** See $StorageService.region-erase. */
  region-erase region/int --from/int --size/int -> none:
    invoke_ StorageService.REGION-ERASE-INDEX [region, from, size]
