/** Signatures and encryption with RSA (RFC 8017). */

import io
import ..io.data show data-bytes_

import .keys_

/** A private key and its public key. */
class RsaKeyPair:
  /** The private key, which signs and decrypts. */
  private-key/RsaKey
  /** The public key, which verifies and encrypts. */
  public-key/RsaKey

  /** Creates a pair of keys that belong together. */
  constructor .private-key .public-key:

  /** See $RsaKey.sign. */
  sign message/io.Data --hash/int=RsaKey.SHA-256 -> ByteArray:
    return private-key.sign message --hash=hash

  /** See $RsaKey.verify. */
  verify message/io.Data signature/ByteArray --hash/int=RsaKey.SHA-256 -> bool:
    return public-key.verify message signature --hash=hash

  /** See $RsaKey.encrypt. */
  encrypt data/ByteArray --padding/int=RsaKey.PADDING-PKCS1-V15 --hash/int=RsaKey.SHA-256 -> ByteArray:
    return public-key.encrypt data --padding=padding --hash=hash

  /** See $RsaKey.decrypt. */
  decrypt data/ByteArray --padding/int=RsaKey.PADDING-PKCS1-V15 --hash/int=RsaKey.SHA-256 -> ByteArray:
    return private-key.decrypt data --padding=padding --hash=hash

/** A private or public key. The binary form of a private one is that of PKCS#1. */
class RsaKey extends Key_:
  /** SHA-1, whose hashes have 20 bytes. Not for new uses. */
  static SHA-1 ::= SHA-1_
  /** SHA-256, whose hashes have 32 bytes. */
  static SHA-256 ::= SHA-256_
  /** SHA-384, whose hashes have 48 bytes. */
  static SHA-384 ::= SHA-384_
  /** SHA-512, whose hashes have 64 bytes. */
  static SHA-512 ::= SHA-512_

  /** The padding of PKCS#1 v1.5. */
  static PADDING-PKCS1-V15 ::= 0
  /** The padding OAEP of PKCS#1 v2.1. */
  static PADDING-OAEP-V21 ::= 1

  constructor.internal_ der/ByteArray is-private/bool:
    super.internal_ der is-private

  /**
  Reads a private key, binary or as text, in the form of PKCS#1 or PKCS#8.

  A key in the form of PKCS#8 may be protected with a $password.
  */
  static parse-private key/io.Data --password/string?="" -> RsaKey:
    return RsaKey.internal_ (rsa-private-der_ (data-bytes_ key) (password or "")) true

  /** Reads a public key, binary or as text. For a private key, returns its public key. */
  static parse-public key/io.Data -> RsaKey:
    return RsaKey.internal_ (rsa-public-der_ (data-bytes_ key)) false

  /** Makes new keys with a modulus of 1024 (too few by now), 2048, 3072 or 4096 $bits. It can take seconds. */
  static generate --bits/int=2048 -> RsaKeyPair:
    search := rsa-new-search_ bits seed_
    while true:
      der := rsa-search_ search
      if der: return RsaKeyPair (RsaKey.internal_ der true) (parse-public der)
      // Let other tasks run between the steps of the search.
      yield

  private-label_ -> string:
    return "RSA PRIVATE KEY"

  /** Signs the $digest of a message, made with the given $hash, with this private key. */
  sign-digest digest/ByteArray --hash/int -> ByteArray:
    Key_.check-digest_ digest hash
    return rsa-sign_ der digest hash

  /** Whether $signature was made for the $digest with the private key that belongs to this public key. */
  verify-digest digest/ByteArray signature/ByteArray --hash/int -> bool:
    Key_.check-digest_ digest hash
    return rsa-verify_ der digest signature hash

  /**
  Encrypts $data, which must be shorter than the modulus by at least the size of the $padding.

  The padding OAEP needs a $hash; $PADDING-PKCS1-V15 is not for new uses.
  */
  encrypt data/ByteArray --padding/int=PADDING-PKCS1-V15 --hash/int=SHA-256 -> ByteArray:
    return rsa-encrypt_ der data padding hash seed_

  /**
  Decrypts $data with this private key and the parameters of the encryption.

  Throws if the data is invalid, but $PADDING-PKCS1-V15 does not detect this: such data decrypts to
    random bytes, the same ones each time.
  */
  decrypt data/ByteArray --padding/int=PADDING-PKCS1-V15 --hash/int=SHA-256 -> ByteArray:
    return rsa-decrypt_ der data padding hash

rsa-new-search_ bits/int seed/ByteArray -> NativeState_:
  #primitive.rsa.new-search

/** The binary form of a private key, or null if it was not found yet. */
rsa-search_ search/NativeState_ -> ByteArray?:
  #primitive.rsa.search

rsa-private-der_ key/any password/string -> ByteArray:
  #primitive.rsa.private-der

rsa-public-der_ key/any -> ByteArray:
  #primitive.rsa.public-der

rsa-sign_ private-der/ByteArray digest/ByteArray hash/int -> ByteArray:
  #primitive.rsa.sign

rsa-verify_ public-der/ByteArray digest/ByteArray signature/ByteArray hash/int -> bool:
  #primitive.rsa.verify

rsa-encrypt_ public-der/ByteArray data/ByteArray padding/int hash/int seed/ByteArray -> ByteArray:
  #primitive.rsa.encrypt

rsa-decrypt_ private-der/ByteArray data/ByteArray padding/int hash/int -> ByteArray:
  #primitive.rsa.decrypt
