/** Message authentication with a key and a hash (RFC 2104). */

import io

import .checksum
import .sha

/** An authentication code in progress. */
class Hmac extends Checksum:
  static INNER-PAD_ ::= 0x36
  static OUTER-PAD_ ::= 0x5c

  inner_/Checksum
  outer_/Checksum

  /**
  Starts a code with a $key, a string or byte array.

  The $hasher-creator starts the hash to use, which takes $block-size bytes at a time.
  */
  constructor --block-size/int key hasher-creator/Lambda:
    if key.size > block-size: key = checksum hasher-creator.call key
    padded := ByteArray block-size
    padded.replace 0 key
    inner_ = start_ padded INNER-PAD_ hasher-creator
    outer_ = start_ padded OUTER-PAD_ hasher-creator

  constructor.private_ .inner_ .outer_:

  static start_ key/ByteArray pad/int hasher-creator/Lambda -> Checksum:
    hasher/Checksum := hasher-creator.call
    hasher.add (ByteArray key.size: key[it] ^ pad)
    return hasher

  /** See $super. */
  add data/io.Data from/int to/int -> none:
    inner_.add data from to

  /** See $super. */
  get -> ByteArray:
    outer_.add inner_.get
    return outer_.get

  /** See $super. A clone made before data is added saves the work on the key. */
  clone -> Hmac:
    return Hmac.private_ inner_.clone outer_.clone

/** An authentication code with SHA-224 in progress. */
class HmacSha224 extends Hmac:
  /** Starts a code with a $key, a string or byte array. */
  constructor key:
    super --block-size=Sha224.BLOCK-SIZE key:: Sha224

/** An authentication code with SHA-256 in progress. */
class HmacSha256 extends Hmac:
  /** Starts a code with a $key, a string or byte array. */
  constructor key:
    super --block-size=Sha256.BLOCK-SIZE key:: Sha256

/** An authentication code with SHA-384 in progress. */
class HmacSha384 extends Hmac:
  /** Starts a code with a $key, a string or byte array. */
  constructor key:
    super --block-size=Sha384.BLOCK-SIZE key:: Sha384

/** An authentication code with SHA-512 in progress. */
class HmacSha512 extends Hmac:
  /** Starts a code with a $key, a string or byte array. */
  constructor key:
    super --block-size=Sha512.BLOCK-SIZE key:: Sha512

/** The code of $data with SHA-224 and a $key, a string or byte array. */
hmac-sha224 --key data -> ByteArray:
  return checksum (HmacSha224 key) data

/** The code of $data with SHA-256 and a $key, a string or byte array. */
hmac-sha256 --key data -> ByteArray:
  return checksum (HmacSha256 key) data

/** The code of $data with SHA-384 and a $key, a string or byte array. */
hmac-sha384 --key data -> ByteArray:
  return checksum (HmacSha384 key) data

/** The code of $data with SHA-512 and a $key, a string or byte array. */
hmac-sha512 --key data -> ByteArray:
  return checksum (HmacSha512 key) data
