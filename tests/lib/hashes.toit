// Hashes and functions based on them, with vectors of FIPS 180-4, RFC 1321, 1950, 2104, 4231, 5869 and 7693.

import crypto
import crypto.adler32 show *
import crypto.blake2 show *
import crypto.checksum show Checksum
import crypto.hamming
import crypto.hkdf show *
import crypto.hmac show *
import crypto.md5 show *
import crypto.sha show *
import crypto.sha1 show *
import crypto.sha256 as two
import crypto.siphash show *
import expect show *

import .vectors

main:
  of-abc
  of-much
  in-pieces
  life
  keyed
  rolling
  derived
  corrected
  unpredictable

of-abc:
  expect-equals "a9993e364706816aba3e25717850c26c9cd0d89d" (hex (sha1 "abc"))
  expect-equals "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" (hex (sha224 "abc"))
  expect-equals "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" (hex (sha256 "abc"))
  expect-equals "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" (hex (two.sha256 "abc"))
  expect-equals
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
      hex (sha384 "abc")
  expect-equals
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
          "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
      hex (sha512 "abc")
  expect-equals "900150983cd24fb0d6963f7d28e17f72" (hex (md5 "abc"))
  expect-equals "d41d8cd98f00b204e9800998ecf8427e" (hex (md5 ""))
  expect-equals "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982" (hex (blake2s "abc"))
  expect-equals "da39a3ee5e6b4b0d3255bfef95601890afd80709" (hex (sha1 #[]))
  expect-equals "a9993e364706816aba3e25717850c26c9cd0d89d" (hex (sha1 "..abc." 2 5))
  expect-equals "11e60398" (hex (adler32 "Wikipedia"))
  expect-equals "00000001" (hex (adler32 ""))

/** More than natives get at once. */
of-much:
  much := ByteArray 256 * 1100: it
  expect-equals "b82125179bbcea30a5d2864e2c8c6c7d2138893d" (hex (sha1 much))
  expect-equals "41b4b0adfb9484e0b3560ea3dfdc34b995af0845068bea8e25ff109a" (hex (sha224 much))
  expect-equals "fd3a5887823e9315a0ae229922c240b35f5dc912e04fa6fe1f59b82d16facbfc" (hex (sha256 much))
  expect-equals "850db378e6d3dae91cc9aee9192d50e6" (hex (md5 much))
  expect-equals "daccf578a7022d04260be19939e69b22f6b4eb9d" (hex (blake2s much --hash-size=20))
  expect-equals "0522fa0e" (hex (adler32 much))
  expect-equals (sha1 much) (sha1 (Wrapped much))
  expect-equals (sha1 much[1..]) (sha1 (Wrapped much) 1)

makers -> List:
  return [
    :: Sha1, :: Sha224, :: Sha256, :: Sha384, :: Sha512, :: Md5, :: Adler32,
    :: Blake2s --key="secret".to-byte-array --hash-size=9,
    :: Siphash (ramp 16),
    :: HmacSha224 "key", :: HmacSha256 "key", :: HmacSha384 "key", :: HmacSha512 "key",
  ]

in-pieces:
  data := ramp 200
  makers.do: | maker/Lambda |
    whole/Checksum := maker.call
    whole.add data
    expected := whole.get
    for cut := 0; cut <= data.size; cut += 7:
      sum/Checksum := maker.call
      sum.add data 0 cut
      copy := sum.clone
      sum.add data cut
      copy.add (Wrapped data[cut..])
      expect-equals expected sum.get
      expect-equals expected copy.get

life:
  makers.do: | maker/Lambda |
    sum/Checksum := maker.call
    expect-throw "OUT_OF_BOUNDS": sum.add "abc" 2 4
    expect-throw "OUT_OF_BOUNDS": sum.add "abc" -1 2
    sum.get
    expect-throw "ALREADY_CLOSED": sum.get
    expect-throw "ALREADY_CLOSED": sum.add "more"
    expect-throw "ALREADY_CLOSED": sum.clone
  // The state of natives cannot be sent.
  expect-throw "SERIALIZATION_FAILED": process-send_ Process.current.id 100 Sha1
  expect-throw "INVALID_ARGUMENT": Blake2s --hash-size=0
  expect-throw "INVALID_ARGUMENT": Blake2s --hash-size=33
  expect-throw "INVALID_ARGUMENT": Blake2s --key=(ByteArray 33)
  expect-throw "INVALID_ARGUMENT": Siphash (ByteArray 15)
  expect-throw "INVALID_ARGUMENT": Siphash (ByteArray 16) --output-length=12

keyed:
  expect-equals
      "3fb735061abc519dfe979e54c1ee5bfad0a9d858b3315bad34bde999efd724dd"
      hex (blake2s (ramp 255) --key=(ramp 32))
  // The vectors of the authors of SipHash.
  expect-equals "310e0edd47db6f72" (hex (siphash "" (ramp 16) --output-length=8))
  expect-equals "e545be4961ca29a1" (hex (siphash (ramp 15) (ramp 16) --output-length=8))
  expect-equals "a3817f04ba25a8e66df67214c7550293" (hex (siphash #[] (ramp 16)))

  md5-code := Hmac --block-size=Md5.BLOCK-SIZE "Jefe":: Md5
  md5-code.add "what do ya want for nothing?"
  expect-equals "750c783e6ab0b503eaa86e310a5db738" (hex md5-code.get)
  expect-equals
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
      hex (hmac-sha256 --key=(ByteArray 20 --initial=0x0b) "Hi There")
  expect-equals
      "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44"
      hex (hmac-sha224 --key="Jefe" "what do ya want for nothing?")
  expect-equals
      "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952"
      hex (hmac-sha384 --key=(ByteArray 131 --initial=0xaa) "Test Using Larger Than Block-Size Key - Hash Key First")
  expect-equals
      "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352" +
          "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"
      hex (hmac-sha512 --key=(ByteArray 131 --initial=0xaa) "Test Using Larger Than Block-Size Key - Hash Key First")

rolling:
  data := ByteArray 70_000: it * 7
  sum := Adler32
  sum.add data 0 1000
  for start := 0; start + 1001 < data.size; start += 997:
    sum.unadd data start (start + 997)
    sum.add data (start + 1000) (min data.size (start + 1997))
    window := data[start + 997..min data.size (start + 1997)]
    expect-equals (adler32 window) (sum.get --no-destructive)
  sum.get --destructive
  expect-throw "ALREADY_CLOSED": sum.unadd #[1]

derived:
  // RFC 5869, test cases 1 and 3.
  ikm := ByteArray 22 --initial=0x0b
  expect-equals
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
      hex (hkdf-sha256 --ikm=ikm --salt=(ramp 13) --info=(unhex "f0f1f2f3f4f5f6f7f8f9") --size=42)
  expect-equals
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
      hex (hkdf-sha256 --ikm=ikm --size=42)
  expect-equals
      "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
      hex (hkdf-extract --ikm=ikm --salt=(ramp 13): HmacSha256 it)
  expect-equals 8160 (hkdf-sha256 --ikm=ikm --size=8160).size
  expect-equals #[] (hkdf-sha256 --ikm=ikm --size=0)
  expect-throw "OUT_OF_RANGE": hkdf-sha256 --ikm=ikm --size=8161

corrected:
  for number := 0; number < 1 << 11; number += 13:
    word := hamming.encode-16-11 number
    expect-equals number (hamming.fix-16-11 word)
    16.repeat: | first |
      expect-equals number (hamming.fix-16-11 word ^ (1 << first))
      first.repeat: | second |
        expect-null (hamming.fix-16-11 word ^ (1 << first) ^ (1 << second))

unpredictable:
  [0, 1, 7, 100, 200_000].do: expect-equals it (crypto.random --size=it).size
  expect-not-equals (crypto.random --size=16) (crypto.random --size=16)
  much := crypto.random --size=200_000
  expect (much[199_900..].any: it != 0)
