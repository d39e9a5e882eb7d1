/** The common part of all kinds of keys. */

import encoding.base64
import io

import .checksum
import .secret_
import .sha
import .sha1

// The numbers that stand for hashes in arguments.
SHA-1_   ::= 1
SHA-256_ ::= 256
SHA-384_ ::= 384
SHA-512_ ::= 512

/** The size of a seed, in bytes. A native makes random numbers from it. */
SEED-SIZE_ ::= 32

/** A key in the binary form that natives take. It can be converted to text, and used with several hashes. */
abstract class Key_:
  /** The key in its binary form (DER). A public one is a SubjectPublicKeyInfo. */
  der/ByteArray
  /** Whether this is a private key. */
  is-private/bool

  constructor.internal_ .der .is-private:

  /** The size of the binary form. */
  size -> int:
    return der.size

  /** The label of a private key of this kind in texts. */
  abstract private-label_ -> string

  abstract sign-digest digest/ByteArray --hash/int -> ByteArray

  abstract verify-digest digest/ByteArray signature/ByteArray --hash/int -> bool

  /** Signs the $message with this private key and the given $hash. */
  sign message/io.Data --hash/int=SHA-256_ -> ByteArray:
    return sign-digest (hash_ message hash) --hash=hash

  /** Whether $signature was made for the $message with the private key that belongs to this public key. */
  verify message/io.Data signature/ByteArray --hash/int=SHA-256_ -> bool:
    return verify-digest (hash_ message hash) signature --hash=hash

  /** The key as text (PEM). */
  to-pem -> string:
    label := is-private ? private-label_ : "PUBLIC KEY"
    lines := ["-----BEGIN $label-----"]
    text := base64.encode der
    List.chunk-up 0 text.size 64: | from to | lines.add text[from..to]
    lines.add "-----END $label-----"
    return lines.join "\n"

  static hasher_ hash/int -> Checksum:
    if hash == SHA-1_: return Sha1
    if hash == SHA-256_: return Sha256
    if hash == SHA-384_: return Sha384
    if hash == SHA-512_: return Sha512
    throw "INVALID_ARGUMENT"

  static hash_ message/io.Data hash/int -> ByteArray:
    return checksum (hasher_ hash) message

  /** Throws if $digest does not have the size of the given $hash. */
  static check-digest_ digest/ByteArray hash/int -> none:
    if digest.size != (hasher_ hash).get.size: throw "INVALID_ARGUMENT"

/** A new seed, from which a native makes random numbers. */
seed_ -> ByteArray:
  return secret-bytes_ SEED-SIZE_
