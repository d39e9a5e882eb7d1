/** Signatures, shared secrets and encryption with elliptic curves (FIPS 186-4, SP 800-56A). */

import io
import io show BIG-ENDIAN
import ..io.data show data-bytes_

import .aes
import .hkdf
import .keys_
import .secret_

/** A private key and its public key. */
class EcKeyPair:
  /** The private key, which signs and decrypts. */
  private-key/EcKey
  /** The public key, which verifies and encrypts. */
  public-key/EcKey

  /** Creates a pair of keys that belong together. */
  constructor .private-key .public-key:

  /** Makes new keys on the given $curve, a constant of $EcKey. */
  static generate --curve/string=EcKey.CURVE-SECP256R1 -> EcKeyPair:
    der := ec-generate_ curve seed_
    return EcKeyPair (EcKey.internal_ der true) (EcKey.parse-public der)

  /** See $EcKey.sign. */
  sign message/io.Data --hash/int=EcKey.SHA-256 -> ByteArray:
    return private-key.sign message --hash=hash

  /** See $EcKey.verify. */
  verify message/io.Data signature/ByteArray --hash/int=EcKey.SHA-256 -> bool:
    return public-key.verify message signature --hash=hash

  /** See $EcKey.compute-shared-secret. */
  compute-shared-secret other-public-key/EcKey -> ByteArray:
    return private-key.compute-shared-secret other-public-key

  /** See $EcKey.decrypt-ecies. */
  decrypt-ecies ciphertext/ByteArray -> ByteArray:
    return private-key.decrypt-ecies ciphertext

/** A private or public key. The binary form of a private one is that of SEC 1 (RFC 5915). */
class EcKey extends Key_:
  /** The curve P-256. */
  static CURVE-SECP256R1 ::= "secp256r1"
  /** The curve P-384. */
  static CURVE-SECP384R1 ::= "secp384r1"
  /** The curve P-521. */
  static CURVE-SECP521R1 ::= "secp521r1"

  /** SHA-1, whose hashes have 20 bytes. Not for new uses. */
  static SHA-1 ::= SHA-1_
  /** SHA-256, whose hashes have 32 bytes. */
  static SHA-256 ::= SHA-256_
  /** SHA-384, whose hashes have 48 bytes. */
  static SHA-384 ::= SHA-384_
  /** SHA-512, whose hashes have 64 bytes. */
  static SHA-512 ::= SHA-512_

  constructor.internal_ der/ByteArray is-private/bool:
    super.internal_ der is-private

  /**
  Reads a private key, binary or as text, in the form of SEC 1 or PKCS#8.

  A key in the form of PKCS#8 may be protected with a $password.
  */
  static parse-private key/io.Data --password/string="" -> EcKey:
    return EcKey.internal_ (ec-private-der_ (data-bytes_ key) password) true

  /** Reads a public key, binary or as text. For a private key, returns its public key. */
  static parse-public key/io.Data -> EcKey:
    return EcKey.internal_ (ec-public-der_ (data-bytes_ key)) false

  private-label_ -> string:
    return "EC PRIVATE KEY"

  /** Signs the $digest of a message, made with the given $hash, with this private key. */
  sign-digest digest/ByteArray --hash/int -> ByteArray:
    Key_.check-digest_ digest hash
    return ec-sign_ der digest

  /** Whether $signature was made for the $digest with the private key that belongs to this public key. */
  verify-digest digest/ByteArray signature/ByteArray --hash/int -> bool:
    Key_.check-digest_ digest hash
    return ec-verify_ der digest signature

  /**
  The secret that this private key and $other-public-key have in common.

  The other side gets the same secret from its private key and the public key that belongs to this key.
  */
  compute-shared-secret other-public-key/EcKey -> ByteArray:
    if not is-private: throw "INVALID_ARGUMENT"
    return ec-shared-secret_ der other-public-key.der

  /** Decrypts a message of $Ecies.encrypt with this private key. */
  decrypt-ecies ciphertext/ByteArray -> ByteArray:
    if not is-private: throw "INVALID_ARGUMENT"
    return Ecies.decrypt_ ciphertext this

/**
Encryption for the owner of a private key.

A key pair is made for each message. The key of AES-GCM is derived from the secret that this pair
  shares with the recipient's key. The encrypted message is the size of the new public key in two
  bytes, that key, the initialization vector, the ciphertext and the tag.
*/
class Ecies:
  /** Thrown if a message has been changed. */
  static AUTHENTICATION-FAILURE ::= "INVALID_SIGNATURE"

  static CIPHER-KEY-SIZE_ ::= 16
  static OVERHEAD_ ::= 2 + AesGcm.IV-SIZE + AesGcm.TAG-SIZE

  /** Encrypts a $message for the owner of $recipient-public-key, which must be on the given $curve. */
  static encrypt message/io.Data recipient-public-key/EcKey --curve/string=EcKey.CURVE-SECP256R1 -> ByteArray:
    pair := EcKeyPair.generate --curve=curve
    key := cipher-key_ (pair.compute-shared-secret recipient-public-key) pair.public-key.der
    vector := secret-bytes_ AesGcm.IV-SIZE
    size := ByteArray 2
    BIG-ENDIAN.put-uint16 size 0 pair.public-key.size
    return size + pair.public-key.der + vector + ((AesGcm.encryptor key vector).encrypt message)

  static decrypt_ ciphertext/ByteArray private-key/EcKey -> ByteArray:
    if ciphertext.size < OVERHEAD_: throw "INVALID_ARGUMENT"
    key-size := BIG-ENDIAN.uint16 ciphertext 0
    if ciphertext.size < OVERHEAD_ + key-size: throw "INVALID_ARGUMENT"
    public-der := ciphertext[2..2 + key-size]
    rest := ciphertext[2 + key-size..]
    secret := private-key.compute-shared-secret (EcKey.parse-public public-der)
    decryptor := AesGcm.decryptor (cipher-key_ secret public-der) rest[..AesGcm.IV-SIZE]
    return decryptor.decrypt rest[AesGcm.IV-SIZE..]

  static cipher-key_ secret/ByteArray public-der/ByteArray -> ByteArray:
    return hkdf-sha256 --ikm=secret --info=public-der --size=CIPHER-KEY-SIZE_

ec-generate_ curve/string seed/ByteArray -> ByteArray:
  #primitive.ec.generate

ec-private-der_ key/any password/string -> ByteArray:
  #primitive.ec.private-der

ec-public-der_ key/any -> ByteArray:
  #primitive.ec.public-der

ec-sign_ private-der/ByteArray digest/ByteArray -> ByteArray:
  #primitive.ec.sign

ec-verify_ public-der/ByteArray digest/ByteArray signature/ByteArray -> bool:
  #primitive.ec.verify

ec-shared-secret_ private-der/ByteArray public-der/ByteArray -> ByteArray:
  #primitive.ec.shared-secret
