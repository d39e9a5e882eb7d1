// Ciphers: vectors of FIPS 197, NIST SP 800-38A, the GCM specification and RFC 8439.

import crypto.aes show *
import crypto.chacha20 show *
import crypto.sha1 show sha1
import expect show *

import .vectors

main:
  blocks
  chained
  gcm
  chacha
  in-pieces
  much
  forged
  misused

/** The first two blocks of the plaintext in NIST SP 800-38A. */
PLAIN ::= unhex "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"

blocks:
  [
    [16, "69c4e0d86a7b0430d8cdb78070b4c55a"],
    [24, "dda97ca4864cdfe06eaf70a0ec0d7191"],
    [32, "8ea2b7ca516745bfeafc49904b496089"],
  ].do: | row |
    plain := unhex "00112233445566778899aabbccddeeff"
    encryptor := AesEcb.encryptor (ramp row[0])
    decryptor := AesEcb.decryptor (ramp row[0])
    2.repeat:
      expect-equals row[1] (hex (encryptor.encrypt plain))
      expect-equals plain (decryptor.decrypt (unhex row[1]))
    expect-equals #[] (encryptor.encrypt #[])

chained:
  key := unhex "2b7e151628aed2a6abf7158809cf4f3c"
  encrypted := "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
  encryptor := AesCbc.encryptor key (ramp 16)
  expect-equals encrypted (hex (encryptor.encrypt PLAIN))
  // Each call continues where the previous one ended.
  encryptor = AesCbc.encryptor key (ramp 16)
  decryptor := AesCbc.decryptor key (ramp 16)
  first := encryptor.encrypt PLAIN[..16]
  second := encryptor.encrypt PLAIN[16..]
  expect-equals encrypted (hex first + second)
  expect-equals PLAIN[..16] (decryptor.decrypt first)
  expect-equals PLAIN[16..] (decryptor.decrypt second)

gcm:
  // Test cases 1, 2 and 4 of the specification.
  zero := ByteArray 16
  encrypted := (AesGcm.encryptor zero (ByteArray 12)).encrypt #[]
  expect-equals "58e2fccefa7e3061367f1d57a4e7455a" (hex encrypted)
  encrypted = (AesGcm.encryptor zero (ByteArray 12)).encrypt zero
  expect-equals "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf" (hex encrypted)

  key := unhex "feffe9928665731c6d6a8f9467308308"
  vector := unhex "cafebabefacedbaddecaf888"
  authenticated := unhex "feedfacedeadbeeffeedfacedeadbeefabaddad2"
  plain := unhex """
      d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95\
      956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"""
  text := """
      42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b2\
      5466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"""
  tag := "5bc94fbc3221a5db94fae95ae7121a47"
  encrypted = (AesGcm.encryptor key vector).encrypt plain --authenticated-data=authenticated
  expect-equals text + tag (hex encrypted)
  decrypted := (AesGcm.decryptor key vector).decrypt encrypted --authenticated-data=authenticated
  expect-equals plain decrypted
  decrypted = (AesGcm.decryptor key vector).decrypt (unhex text)
      --authenticated-data=(Wrapped authenticated)
      --verification-tag=(unhex tag)
  expect-equals plain decrypted
  expect-equals 12 AesGcm.IV-SIZE
  expect-equals 16 AesGcm.TAG-SIZE

chacha:
  key := ByteArray 32: 0x80 + it
  vector := unhex "070000004041424344454647"
  authenticated := unhex "50515253c0c1c2c3c4c5c6c7"
  plain := "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  encrypted := (ChaCha20Poly1305.encryptor key vector).encrypt plain --authenticated-data=authenticated
  expect-equals
      """
      d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b\
      1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc\
      3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"""
      hex encrypted
  decrypted := (ChaCha20Poly1305.decryptor key vector).decrypt encrypted --authenticated-data=authenticated
  expect-equals plain decrypted.to-string

ciphers -> List:
  return [
    [:: AesGcm.encryptor (ramp 24) (ramp 12), :: AesGcm.decryptor (ramp 24) (ramp 12)],
    [:: ChaCha20Poly1305.encryptor (ramp 32) (ramp 12), :: ChaCha20Poly1305.decryptor (ramp 32) (ramp 12)],
  ]

in-pieces:
  plain := ramp 70
  ciphers.do: | pair |
    whole := pair[0].call.encrypt plain --authenticated-data="header"
    tag := whole[plain.size..]
    plain.size.repeat: | cut |
      encryptor := pair[0].call
      encryptor.start --authenticated-data="header"
      text := encryptor.add (plain.copy 0 cut)
      expect-equals cut / 16 * 16 text.size
      text += encryptor.add (plain.copy cut)
      text += encryptor.finish
      expect-equals whole text
      expect-throw "ALREADY_CLOSED": encryptor.add #[1]
      expect-throw "ALREADY_CLOSED": encryptor.finish

      decryptor := pair[1].call
      decryptor.start --authenticated-data="header"
      back := decryptor.add (whole.copy 0 cut)
      back += decryptor.add (whole.copy cut plain.size)
      back += decryptor.verify tag
      expect-equals plain back
      expect-throw "ALREADY_CLOSED": decryptor.verify tag

/** Encrypts more than the 64 KiB that are passed to a native at once (`PIECE-SIZE_`). */
much:
  plain := ramp 70_000
  sums := {
    16: ["88c6e9d5280a4d0e72b5b2c74ff87ca8cdc3c750", "974874741dc712c37565e369994959025b228657"],
    24: ["117a1fdd6c7f4e11cb4e7ae4fdcaa65c689034aa", "84c4beef7a2ca3c439eb8094b7d9b98678226e41"],
    32: ["4f4054a80c7d14f35614ad6ba7a49f993874411a", "5862ab42d0b71c7e162594ff6e442fe1ccfacaa3"],
  }
  sums.do: | size expected |
    chained := (AesCbc.encryptor (ramp size) (ramp 16)).encrypt plain[..69_984]
    expect-equals expected[0] (hex (sha1 chained))
    expect-equals plain[..69_984] ((AesCbc.decryptor (ramp size) (ramp 16)).decrypt chained)
    encrypted := (AesGcm.encryptor (ramp size) (ramp 12)).encrypt plain --authenticated-data="header"
    expect-equals expected[1] (hex (sha1 encrypted))
  encrypted := (ChaCha20Poly1305.encryptor (ramp 32) (ramp 12)).encrypt (Wrapped plain) --authenticated-data="header"
  expect-equals "f8e404b078f6e33e68b6957518b7828e2cbc9d11" (hex (sha1 encrypted))
  decryptor := ChaCha20Poly1305.decryptor (ramp 32) (ramp 12)
  decryptor.start --authenticated-data="header"
  decrypted := decryptor.add encrypted[..70_000]
  expect-equals plain decrypted + (decryptor.verify encrypted[70_000..])

forged:
  plain := ramp 33
  ciphers.do: | pair |
    encrypted := pair[0].call.encrypt plain --authenticated-data="header"
    encrypted.size.repeat:
      wrong := encrypted.copy
      wrong[it] ^= 1 << (it % 8)
      expect-throw "INVALID_SIGNATURE": pair[1].call.decrypt wrong --authenticated-data="header"
    expect-throw "INVALID_SIGNATURE": pair[1].call.decrypt encrypted --authenticated-data="Header"
    expect-throw "INVALID_SIGNATURE": pair[1].call.decrypt encrypted
    expect-throw "INVALID_SIGNATURE": pair[1].call.decrypt encrypted[1..] --authenticated-data="header"
    expect-throw "OUT_OF_BOUNDS": pair[1].call.decrypt encrypted[..15]
    decryptor := pair[1].call
    decryptor.start
    expect-throw "INVALID_ARGUMENT": decryptor.verify (ByteArray 15)

misused:
  expect-throw "INVALID_ARGUMENT": AesEcb.encryptor (ByteArray 17)
  expect-throw "INVALID_ARGUMENT": AesCbc.encryptor (ByteArray 16) (ByteArray 15)
  expect-throw "INVALID_ARGUMENT": (AesEcb.encryptor (ByteArray 16)).encrypt (ByteArray 17)
  expect-throw "INVALID_ARGUMENT": (AesEcb.encryptor (ByteArray 16)).decrypt (ByteArray 16)
  expect-throw "INVALID_ARGUMENT": AesGcm.encryptor (ByteArray 20) (ByteArray 12)
  expect-throw "INVALID_ARGUMENT": ChaCha20Poly1305.encryptor (ByteArray 16) (ByteArray 12)
  expect-throw "INVALID_ARGUMENT": (AesGcm.encryptor (ByteArray 16) (ByteArray 13)).encrypt "x"
  aes := AesCbc.encryptor (ByteArray 16) (ByteArray 16)
  aes.close
  aes.close
  expect-throw "ALREADY_CLOSED": aes.encrypt (ByteArray 16)
  expect-throw "ALREADY_CLOSED": aes.decrypt (ByteArray 16)
  gcm := AesGcm.encryptor (ByteArray 16) (ByteArray 12)
  expect-throw "INVALID_STATE": gcm.add #[1]
  expect-throw "INVALID_STATE": gcm.finish
  gcm.encrypt "closes it"
  expect-throw "ALREADY_CLOSED": gcm.encrypt "again"
  expect-throw "ALREADY_CLOSED": gcm.start
