/** The Advanced Encryption Standard (FIPS 197) in three modes, and authenticated encryption. */

import io
import ..io.data show data-bytes_

import .pieces_

/**
A cipher that works on whole blocks of 16 bytes. Each call continues where the previous one ended.
*/
abstract class Aes:
  static BLOCK-SIZE_ ::= 16

  state_/NativeState_? := ?

  /** Starts a cipher: in ECB mode if the $initialization-vector is empty, otherwise in CBC mode. */
  constructor.initialize_ key/ByteArray initialization-vector/ByteArray --encrypt/bool:
    state_ = aes-new_ key initialization-vector encrypt

  /** Encrypts the $plaintext, whose size is a multiple of 16. */
  encrypt plaintext/ByteArray -> ByteArray:
    return crypt_ plaintext --encrypt

  /** Decrypts the $ciphertext, whose size is a multiple of 16. */
  decrypt ciphertext/ByteArray -> ByteArray:
    return crypt_ ciphertext --no-encrypt

  crypt_ input/ByteArray --encrypt/bool -> ByteArray:
    if not state_: throw "ALREADY_CLOSED"
    if input.size % BLOCK-SIZE_ != 0: throw "INVALID_ARGUMENT"
    if input.size <= PIECE-SIZE_: return cipher-crypt_ state_ encrypt input 0 input.size
    result := ByteArray input.size
    List.chunk-up 0 input.size PIECE-SIZE_: | from to |
      result.replace from (cipher-crypt_ state_ encrypt input from to)
    return result

  /** Releases the cipher and its key. Closing again does nothing. */
  close -> none:
    if not state_: return
    native-state-close_ state_
    state_ = null

/** AES in Cipher Block Chaining mode. */
class AesCbc extends Aes:
  /**
  Starts an encryption.

  The $key has 16, 24 or 32 bytes. The $initialization-vector has 16 bytes, which should be random.
  */
  constructor.encryptor key/ByteArray initialization-vector/ByteArray:
    super.initialize_ key initialization-vector --encrypt

  /** Starts a decryption, with the arguments of the encryption. */
  constructor.decryptor key/ByteArray initialization-vector/ByteArray:
    super.initialize_ key initialization-vector --no-encrypt

/**
AES in Electronic Code Book mode.

Equal blocks stay equal, which reveals much about the text: use it only for old formats.
*/
class AesEcb extends Aes:
  /** Starts an encryption. The $key has 16, 24 or 32 bytes. */
  constructor.encryptor key/ByteArray:
    super.initialize_ key #[] --encrypt

  /** Starts a decryption. The $key has 16, 24 or 32 bytes. */
  constructor.decryptor key/ByteArray:
    super.initialize_ key #[] --no-encrypt

/** The number that stands for AES in Galois/Counter Mode. */
ALGORITHM-AES-GCM ::= 0

/** The number that stands for the stream cipher ChaCha20 with the authentication code Poly1305. */
ALGORITHM-CHACHA20-POLY1305 ::= 1

/** AES in Galois/Counter Mode, which encrypts and authenticates one message. */
class AesGcm extends Aead_:
  /** The size of an initialization vector. */
  static IV-SIZE ::= 12
  /** The size of a verification tag. */
  static TAG-SIZE ::= 16

  /**
  Starts an encryption.

  The $key has 16, 24 or 32 bytes, the $initialization-vector 12. A vector must never be used twice
    with the same key; it need not be secret.
  */
  constructor.encryptor key/ByteArray initialization-vector/ByteArray:
    super.encryptor key initialization-vector --algorithm=ALGORITHM-AES-GCM

  /** Starts a decryption, with the arguments of the encryption. */
  constructor.decryptor key/ByteArray initialization-vector/ByteArray:
    super.decryptor key initialization-vector --algorithm=ALGORITHM-AES-GCM

/**
Encrypts or decrypts one message, and authenticates it.

The message is passed all at once ($encrypt, $decrypt), or in pieces: $start, any number of calls of
  $add, then $finish or $verify. Decrypted data must not be used before it is verified.
*/
class Aead_:
  static TAG-SIZE ::= 16

  state_/NativeState_? := ?
  initialization-vector_/ByteArray

  /** Starts an encryption with the cipher that $algorithm stands for. */
  constructor.encryptor key/ByteArray .initialization-vector_ --algorithm/int:
    state_ = aead-new_ algorithm key true

  /** Starts a decryption with the cipher that $algorithm stands for. */
  constructor.decryptor key/ByteArray .initialization-vector_ --algorithm/int:
    state_ = aead-new_ algorithm key false

  /**
  Encrypts the $plaintext and closes this instance.

  The result ends in the tag, which also authenticates the $authenticated-data.
  */
  encrypt plaintext/io.Data --authenticated-data="" -> ByteArray:
    start --authenticated-data=authenticated-data
    result := ByteArray plaintext.byte-size + TAG-SIZE
    filled := crypt-into_ result plaintext
    result.replace filled finish
    return result

  /**
  Decrypts the $ciphertext.

  Throws if the $verification-tag does not match the ciphertext and the $authenticated-data. Without
    a tag argument, the ciphertext must end in the tag.
  */
  decrypt ciphertext/ByteArray --authenticated-data="" --verification-tag/ByteArray?=null -> ByteArray:
    if not verification-tag:
      size := ciphertext.size - TAG-SIZE
      verification-tag = ciphertext[size..]
      ciphertext = ciphertext[..size]
    start --authenticated-data=authenticated-data
    result := ByteArray ciphertext.size
    filled := crypt-into_ result ciphertext
    result.replace filled (aead-verify_ state_ verification-tag)
    return result

  /** Encrypts or decrypts the whole blocks of $data into $result. Returns the number of bytes written. */
  crypt-into_ result/ByteArray data/io.Data -> int:
    filled := 0
    pieces-do_ data 0 data.byte-size: | piece from to |
      ready := aead-add_ state_ piece from to
      result.replace filled ready
      filled += ready.size
    return filled

  /**
  Starts a message. The tag also authenticates the $authenticated-data, which is not encrypted.
  */
  start --authenticated-data="" -> none:
    if not state_: throw "ALREADY_CLOSED"
    aead-start_ state_ initialization-vector_ (data-bytes_ authenticated-data)

  /**
  Encrypts or decrypts $data. The caller must not use $data afterwards.

  Returns only whole blocks of 16 bytes; the rest waits for more data, $finish or $verify.
  */
  add data/ByteArray -> ByteArray:
    if not state_: throw "ALREADY_CLOSED"
    if data.size <= PIECE-SIZE_: return aead-add_ state_ data 0 data.size
    result := ByteArray data.size + TAG-SIZE
    return result[..crypt-into_ result data]

  /** Ends an encryption and closes this instance. Returns the last bytes, then the tag. */
  finish -> ByteArray:
    if not state_: throw "ALREADY_CLOSED"
    result := aead-finish_ state_
    close
    return result

  /**
  Ends a decryption and closes this instance. Returns the last bytes.

  Throws if the $verification-tag is wrong for the decrypted data.
  */
  verify verification-tag/ByteArray -> ByteArray:
    if not state_: throw "ALREADY_CLOSED"
    try:
      return aead-verify_ state_ verification-tag
    finally:
      close

  /** Releases the cipher and its key. Closing again does nothing. */
  close -> none:
    if not state_: return
    native-state-close_ state_
    state_ = null

aes-new_ key/ByteArray initialization-vector/ByteArray encrypt/bool -> NativeState_:
  #primitive.cipher.new-aes

cipher-crypt_ state/NativeState_ encrypt/bool data/ByteArray from/int to/int -> ByteArray:
  #primitive.cipher.crypt

aead-new_ algorithm/int key/ByteArray encrypt/bool -> NativeState_:
  #primitive.aead.new

aead-start_ state/NativeState_ initialization-vector/ByteArray authenticated-data/any -> none:
  #primitive.aead.start

/** The blocks that the bytes of $data from $from to $to (exclusive) complete. */
aead-add_ state/NativeState_ data/any from/int to/int -> ByteArray:
  #primitive.aead.add

/** The last bytes and the tag. */
aead-finish_ state/NativeState_ -> ByteArray:
  #primitive.aead.finish

/** The last bytes. Throws if the tag is wrong. */
aead-verify_ state/NativeState_ verification-tag/ByteArray -> ByteArray:
  #primitive.aead.verify
