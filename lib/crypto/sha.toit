/** The Secure Hash Algorithm 2 (FIPS 180-4), with four sizes of hashes. */

import io

import .checksum
import .native-checksum_

/** The SHA-224 hash of the bytes of $data from $from to $to (exclusive). */
sha224 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Sha224 data from to

/** The SHA-256 hash of the bytes of $data from $from to $to (exclusive). */
sha256 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Sha256 data from to

/** The SHA-384 hash of the bytes of $data from $from to $to (exclusive). */
sha384 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Sha384 data from to

/** The SHA-512 hash of the bytes of $data from $from to $to (exclusive). */
sha512 data/io.Data from/int=0 to/int=data.byte-size -> ByteArray:
  return checksum Sha512 data from to

/** A hash of the SHA-2 family in progress. */
class Sha_ extends NativeChecksum_:
  constructor bits/int:
    super (sha2-new_ bits)

  constructor.private_ state/NativeState_:
    super state

  /** See $super. */
  clone -> Sha_:
    return Sha_.private_ (checksum-copy_ state_)

/** A SHA-224 hash in progress. */
class Sha224 extends Sha_:
  /** The block size of the hash, in bytes. */
  static BLOCK-SIZE ::= 64

  /** Starts a hash. */
  constructor:
    super 224

/** A SHA-256 hash in progress. */
class Sha256 extends Sha_:
  /** The block size of the hash, in bytes. */
  static BLOCK-SIZE ::= 64

  /** Starts a hash. */
  constructor:
    super 256

/** A SHA-384 hash in progress. */
class Sha384 extends Sha_:
  /** The block size of the hash, in bytes. */
  static BLOCK-SIZE ::= 128

  /** Starts a hash. */
  constructor:
    super 384

/** A SHA-512 hash in progress. */
class Sha512 extends Sha_:
  /** The block size of the hash, in bytes. */
  static BLOCK-SIZE ::= 128

  /** Starts a hash. */
  constructor:
    super 512

sha2-new_ bits/int -> NativeState_:
  #primitive.checksum.new-sha2
