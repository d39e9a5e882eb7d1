/** The stream cipher ChaCha20 with the authentication code Poly1305 (RFC 8439). */

import .aes

/** Encrypts and authenticates one message. */
class ChaCha20Poly1305 extends Aead_:
  /** The size of an initialization vector. */
  static IV-SIZE ::= 12
  /** The size of a verification tag. */
  static TAG-SIZE ::= 16

  /**
  Starts an encryption.

  The $key has 32 bytes, the $initialization-vector 12. A vector must never be used twice with the
    same key; it need not be secret.
  */
  constructor.encryptor key/ByteArray initialization-vector/ByteArray:
    super.encryptor key initialization-vector --algorithm=ALGORITHM-CHACHA20-POLY1305

  /** Starts a decryption, with the arguments of the encryption. */
  constructor.decryptor key/ByteArray initialization-vector/ByteArray:
    super.decryptor key initialization-vector --algorithm=ALGORITHM-CHACHA20-POLY1305
