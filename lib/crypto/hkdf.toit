/** Keys derived from a secret (RFC 5869). */

import .checksum
import .hmac

/**
Derives a key of $size bytes from the input keying material $ikm, with SHA-256.

The $salt need not be secret. A different $info gives a different key.
*/
hkdf-sha256 --ikm/ByteArray --salt/ByteArray?=null --info/ByteArray?=null --size/int -> ByteArray:
  return hkdf --ikm=ikm --salt=salt --info=info --size=size: HmacSha256 it

/**
Variant of $hkdf-sha256 with another hash: the $hasher-creator starts an authentication code with
  the key that it is given.
*/
hkdf --ikm/ByteArray --salt/ByteArray? --info/ByteArray? --size/int [hasher-creator] -> ByteArray:
  prk := hkdf-extract --ikm=ikm --salt=salt hasher-creator
  return hkdf-expand --prk=prk --info=info --size=size hasher-creator

/** The first step of $hkdf: a pseudorandom key of the size of the hash. */
hkdf-extract --ikm/ByteArray --salt/ByteArray? [hasher-creator] -> ByteArray:
  // Keys are padded with zeros, so an empty one is equivalent to the zeros of a missing salt.
  return checksum (hasher-creator.call (salt or #[])) ikm

/**
The second step of $hkdf: the requested number of bytes, at most 255 times the size of the hash.
*/
hkdf-expand --prk/ByteArray --info/ByteArray? --size/int [hasher-creator] -> ByteArray:
  if size > 255 * prk.size: throw "OUT_OF_RANGE"
  keyed/Checksum := hasher-creator.call prk
  result := ByteArray size
  block := #[]
  number := 1
  for done := 0; done < size; done += block.size:
    hasher := keyed.clone
    hasher.add block
    if info: hasher.add info
    hasher.add #[number++]
    block = hasher.get
    result.replace done block 0 (min block.size (size - done))
  return result
