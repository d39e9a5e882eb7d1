// Keys: RSA and elliptic curves. The keys and signatures here were made by OpenSSL.

import crypto.ec show *
import crypto.rsa show *
import crypto.sha show sha256
import expect show *

import .vectors

main:
  rsa-keys
  rsa-signatures
  rsa-encryption
  rsa-generation
  ec-keys
  ec-signatures
  ec-secrets
  ec-encryption

rsa-keys:
  private := RsaKey.parse-private RSA-PRIVATE
  public := RsaKey.parse-public RSA-PUBLIC
  expect private.is-private
  expect-not public.is-private
  expect-equals RSA-PRIVATE private.to-pem
  expect-equals RSA-PUBLIC public.to-pem
  expect-equals private.der.size private.size
  [private.der, RSA-PRIVATE.to-byte-array, Wrapped RSA-PRIVATE, "  text before\n$RSA-PRIVATE\nafter"].do:
    expect-equals private.der (RsaKey.parse-private it).der
    expect-equals public.der (RsaKey.parse-public it).der
  expect-equals public.der (RsaKey.parse-public RSA-PUBLIC-PKCS1).der
  expect-equals private.der (RsaKey.parse-private RSA-PROTECTED --password="secret").der
  expect-throw "INVALID_ARGUMENT": RsaKey.parse-private RSA-PROTECTED --password="Secret"
  expect-throw "INVALID_ARGUMENT": RsaKey.parse-private RSA-PROTECTED
  expect-throw "INVALID_ARGUMENT": RsaKey.parse-private RSA-PUBLIC
  expect-throw "INVALID_ARGUMENT": RsaKey.parse-private EC-PRIVATE
  expect-throw "INVALID_ARGUMENT": RsaKey.parse-public ""
  for size := 0; size < private.size; size += 37:
    expect-throw "INVALID_ARGUMENT": RsaKey.parse-private private.der[..size]

rsa-signatures:
  private := RsaKey.parse-private RSA-PRIVATE
  public := RsaKey.parse-public RSA-PUBLIC
  // PKCS #1 v1.5 padding has no random part, so the signature is always the same.
  expect-equals RSA-SIGNATURE (private.sign "message")
  expect (public.verify "message" RSA-SIGNATURE)
  expect-not (public.verify "Message" RSA-SIGNATURE)
  expect-not (public.verify "message" RSA-SIGNATURE[1..])
  expect-not (public.verify "message" #[])
  [RsaKey.SHA-1, RsaKey.SHA-256, RsaKey.SHA-384, RsaKey.SHA-512].do: | hash |
    signature := private.sign (Wrapped "text") --hash=hash
    expect (public.verify "text" signature --hash=hash)
    expect-not (public.verify "text" signature --hash=(hash == RsaKey.SHA-256 ? RsaKey.SHA-1 : RsaKey.SHA-256))
  digest := sha256 "message"
  expect-equals RSA-SIGNATURE (private.sign-digest digest --hash=RsaKey.SHA-256)
  expect (public.verify-digest digest RSA-SIGNATURE --hash=RsaKey.SHA-256)
  expect-throw "INVALID_ARGUMENT": private.sign-digest digest --hash=RsaKey.SHA-1
  expect-throw "INVALID_ARGUMENT": private.sign "message" --hash=224
  expect-throw "INVALID_ARGUMENT": public.sign "message"

rsa-encryption:
  private := RsaKey.parse-private RSA-PRIVATE
  pair := RsaKeyPair private (RsaKey.parse-public RSA-PUBLIC)
  secret := ramp 20
  expect-equals secret (pair.decrypt (pair.encrypt secret))
  expect-not-equals (pair.encrypt secret) (pair.encrypt secret)
  [RsaKey.SHA-1, RsaKey.SHA-256, RsaKey.SHA-384].do: | hash |
    encrypted := pair.encrypt secret --padding=RsaKey.PADDING-OAEP-V21 --hash=hash
    expect-equals secret (pair.decrypt encrypted --padding=RsaKey.PADDING-OAEP-V21 --hash=hash)
    encrypted[5] ^= 1
    expect-throw "INVALID_ARGUMENT": pair.decrypt encrypted --padding=RsaKey.PADDING-OAEP-V21 --hash=hash
  expect-throw "INVALID_ARGUMENT": pair.encrypt (ByteArray 118)
  expect-throw "INVALID_ARGUMENT": pair.encrypt secret --padding=2
  expect-throw "INVALID_ARGUMENT": pair.decrypt (ByteArray 127)

rsa-generation:
  pair := RsaKey.generate --bits=1024
  other := RsaKey.generate --bits=1024
  expect-not-equals pair.public-key.der other.public-key.der
  signature := pair.sign "message"
  expect-equals 128 signature.size
  expect (pair.verify "message" signature)
  expect-not (other.verify "message" signature)
  expect-equals pair.public-key.der (RsaKey.parse-public pair.private-key.to-pem).der
  expect-throw "INVALID_ARGUMENT": RsaKey.generate --bits=1025

CURVES ::= [EcKey.CURVE-SECP256R1, EcKey.CURVE-SECP384R1, EcKey.CURVE-SECP521R1]

ec-keys:
  private := EcKey.parse-private EC-PRIVATE
  public := EcKey.parse-public EC-PUBLIC
  expect-equals EC-PRIVATE private.to-pem
  expect-equals EC-PUBLIC public.to-pem
  expect-equals public.der (EcKey.parse-public private.der).der
  expect-equals private.der (EcKey.parse-private EC-PROTECTED --password="secret").der
  expect-throw "INVALID_ARGUMENT": EcKey.parse-private EC-PROTECTED --password="wrong"
  expect-throw "INVALID_ARGUMENT": EcKey.parse-private EC-PUBLIC
  expect-throw "INVALID_ARGUMENT": EcKey.parse-public RSA-PUBLIC
  expect-throw "INVALID_ARGUMENT": EcKeyPair.generate --curve="secp192r1"
  CURVES.do: | curve |
    pair := EcKeyPair.generate --curve=curve
    expect-equals pair.private-key.der (EcKey.parse-private pair.private-key.to-pem).der
    expect-equals pair.public-key.der (EcKey.parse-public pair.private-key.to-pem).der

ec-signatures:
  private := EcKey.parse-private EC-PRIVATE
  public := EcKey.parse-public EC-PUBLIC
  expect (public.verify "message" EC-SIGNATURE)
  expect-not (public.verify "Message" EC-SIGNATURE)
  expect-not (public.verify "message" EC-SIGNATURE[..20])
  // The nonce is deterministic (RFC 6979), so the signature is always the same.
  expect-equals (private.sign "message") (private.sign "message")
  CURVES.do: | curve |
    pair := EcKeyPair.generate --curve=curve
    [EcKey.SHA-1, EcKey.SHA-256, EcKey.SHA-384, EcKey.SHA-512].do: | hash |
      signature := pair.sign "text" --hash=hash
      expect (pair.verify "text" signature --hash=hash)
      expect-not (pair.verify "Text" signature --hash=hash)
      expect-not (public.verify "text" signature --hash=hash)
  expect-throw "INVALID_ARGUMENT": private.sign-digest (ByteArray 31) --hash=EcKey.SHA-256

ec-secrets:
  sizes := [32, 48, 66]
  3.repeat:
    first := EcKeyPair.generate --curve=CURVES[it]
    second := EcKeyPair.generate --curve=CURVES[it]
    secret := first.compute-shared-secret second.public-key
    expect-equals secret (second.compute-shared-secret first.public-key)
    expect-equals sizes[it] secret.size
    other := EcKeyPair.generate --curve=CURVES[(it + 1) % 3]
    expect-throw "INVALID_ARGUMENT": first.compute-shared-secret other.public-key
    expect-throw "INVALID_ARGUMENT": first.public-key.compute-shared-secret second.public-key

ec-encryption:
  CURVES.do: | curve |
    pair := EcKeyPair.generate --curve=curve
    encrypted := Ecies.encrypt "secret" pair.public-key --curve=curve
    expect-equals "secret" (pair.decrypt-ecies encrypted).to-string
    encrypted[encrypted.size - 1] ^= 1
    expect-throw Ecies.AUTHENTICATION-FAILURE: pair.decrypt-ecies encrypted
    [0, 1, 2, 50, encrypted.size - 30].do: | size |
      expect-throw "INVALID_ARGUMENT": pair.decrypt-ecies encrypted[..size]

RSA-SIGNATURE ::= unhex """
      6c81ca5827b2f3459f4454dad59b30e5b718a55c195cb10a1a495d4a956eb669a3da55bd4aac6d3f972cd898297e0267\
      bdaba2514f33b71c2c0b33a35e8276d4ae7b4c65bc70aef884247eeda1ff53fe54021bd3265a6ce96fd7288d7cde688b\
      35ff593c3617ac31a6b33f2917e4c4091bc738ad0951fc72c4d1e447b8854a21"""

EC-SIGNATURE ::= unhex """
      304502203e6046cf8c0420dae7a21eef623207c626b13bc32e3b31965e21f9e43b2bcb3b0221009cfdc2d0c64420ff51\
      65c74fbf0b794df3f3c04af5960e916a40720feb15d7c1"""

RSA-PRIVATE ::= """
    -----BEGIN RSA PRIVATE KEY-----
    MIICWwIBAAKBgQCzxmEWHzFlpmRDBLkECO4L7WJG0cJ4xPnhgPUYp13etRQ4UTYQ
    kLdg61gXarJWCdSikYeyPgNozdC5KngkffpaPPDlxbdE4EQte9fRtatL0Pfm3Nnw
    hukpC5atKjgmz4GCx/11ttRRRgZ3rtAxOKB7zplrhwECyImpT6OjX7VmFQIDAQAB
    AoGAOUX3QkP3ycmj4ZIMm5N4u0YKbEOBcFZYwZYC/7K6fiw0X+jHj6l7Mp5ntzYf
    0LdbDdvNXmTRUz9Wwtcb5YxZCIN5Ld4bWc05VW36dT4l4ELuzdsnoHh1SLV6tUBs
    LL78v2Lr0Oeudz0wINzY5RbA2TVygYeMoHvcBm5oNYeZJWECQQDpeAVLS4nRRX+c
    arqqWQmxhMZHR5qdf1Umi0CTbU5eSwz3NVILj4CEy800o9e9W3acnNC+j0kK2pBe
    KR2eRE0ZAkEAxR/R9SCh52oN2ViTDt0DLTS1X53j4d0RZj9Kwk1G+WpehgLPmcSE
    Gj2L8oTmcJEAwMuok3lpscKKPjaPUlkEXQJAO+JHKVsEzKLQ6qQNoSgZbmkqGppp
    NEC27J4HQElnMpR5jOcmVkTGqElGJ1xnN/C/6cfnWxmRmLEbGqvdJv1J8QJASDJu
    UIxCICKsrdUOD1yNJEpwv3NxmjDAhaVauS1aeFEoC4cOB/B8vaubDRj12XaSQwqU
    VGccefmZbk3HUk6+FQJAH9CsEv0BH+qe6i4je75Stm/8EX8WQp6XtABp5nSmt/QL
    YCx+B62pylVDK2kPIFSEgxAx4+S5fFP/WtflZ6bA3g==
    -----END RSA PRIVATE KEY-----"""

RSA-PROTECTED ::= """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIIC3TBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQI7oPuykNlLPcCAggA
    MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBD55WmWZU0Peq2fbM0VYEvBBIIC
    gBaRWgQDMDSCtDdinDoKq195MO+Z7D5TkUSR84OKzQa4lISk0arTH9wA65TT9t8I
    XatxnEoorh8/ozu93wguGRuAhmX3+2hGNxLVO6tLmJx2x8jv1OnPe4AhnsHrbFDn
    KhdjtA1j4wKZuJ56dEwUkggrWGRPmdhUbg2jv2lmj655JnIySHJspJNUG8954hIr
    Llw0J2Bv0U7v52O2a3kcMsbCANmWi4BIz+dacu2uMvTh0nlYhzotAWMyDCYeEs7U
    vDSCUOw0tkmzar1P/lKPjg7lyHAuDqfg79c1S4LAoa5YwUwn+RdHzZuiYMPoWKvA
    5b+pEmr/azIudXzswukmkty+a9zr4GlxU4rEWsif2biyeSzJcaRZWPuFrEyLG0VN
    ZMOsrTV+2HcU1jIwqidz5qTqkryrUwKVhsCniXPHBg1Qmz+namq/+OAMylNsYXVu
    NxSQutW07+0dLvubM4iU0bIesEU7gh6A+Q1bD6k6fs7LNKU+PpuWh5vmfvQTI8cR
    40SygfF840zGT2FORsWnWQsWNp3RtxDhuyp0TDc7ZDa02KMnQPP/PC+8j1ZHP8nu
    IDpJAA3p4bJFDEHDCAF9GxINMXmC1fGW6eIGOC/TdJdIg4fauhF7N/FeEwKT2dLX
    imiFMCoHVIDRBsw7ufRfOOgZWA0Dyg/f7bq0xrC0HTY/uRJOiaHzRRbVg3dDVHOc
    u4f3BeAoOMcdjL3oXr2nU8RXsS4l/ljzpA9ttfSxjMCTTGvXmoQlRQJWcuXcDtpm
    +RZQZNoVK/YyesjVcrZJavk9Khxz5LAjv+XW3pXZGi0wlcTNn1ahDE6c2aSC63eD
    Esr2F/5CUrjSkdQ8K3cW0H0=
    -----END ENCRYPTED PRIVATE KEY-----"""

RSA-PUBLIC ::= """
    -----BEGIN PUBLIC KEY-----
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCzxmEWHzFlpmRDBLkECO4L7WJG
    0cJ4xPnhgPUYp13etRQ4UTYQkLdg61gXarJWCdSikYeyPgNozdC5KngkffpaPPDl
    xbdE4EQte9fRtatL0Pfm3NnwhukpC5atKjgmz4GCx/11ttRRRgZ3rtAxOKB7zplr
    hwECyImpT6OjX7VmFQIDAQAB
    -----END PUBLIC KEY-----"""

RSA-PUBLIC-PKCS1 ::= """
    -----BEGIN RSA PUBLIC KEY-----
    MIGJAoGBALPGYRYfMWWmZEMEuQQI7gvtYkbRwnjE+eGA9RinXd61FDhRNhCQt2Dr
    WBdqslYJ1KKRh7I+A2jN0LkqeCR9+lo88OXFt0TgRC1719G1q0vQ9+bc2fCG6SkL
    lq0qOCbPgYLH/XW21FFGBneu0DE4oHvOmWuHAQLIialPo6NftWYVAgMBAAE=
    -----END RSA PUBLIC KEY-----"""

EC-PRIVATE ::= """
    -----BEGIN EC PRIVATE KEY-----
    MHcCAQEEIE3a82dqhYvnfrcqrFR0guqSWf7iW6h4xwq4QwxmPSNdoAoGCCqGSM49
    AwEHoUQDQgAEJ+vQX0AnWd1SVAEhrAbA343i2SG8zT2GGq/T90hFDS7ttgV/Pvpt
    T4WhYR1bOzaKn+wAEbwURH6/aRgZBdBYaA==
    -----END EC PRIVATE KEY-----"""

EC-PROTECTED ::= """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhJi0M+yaD0PwICCAAw
    DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEBHTYM3t4Msb4gDx3wJFnVkEgZB4
    Rkj6FBOfb5K6y0dYxIhUZ+/+gX/GIWAIXNz1YMRU3yYcZkrO3hlaL3+AwUfEOIPj
    0g1XhSPMCbx7s7e9lO7JgeNWAiSrp4pMhCcxuwV4y3jNUZi9cZ+mUJpcKHmuz08b
    YxwGcFAqEVdAhdt4CRG9C7A5zrQTu/KJx9CP0qmVbWIjPN2ytrEn/chlaxGvcd8=
    -----END ENCRYPTED PRIVATE KEY-----"""

EC-PUBLIC ::= """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEJ+vQX0AnWd1SVAEhrAbA343i2SG8
    zT2GGq/T90hFDS7ttgV/PvptT4WhYR1bOzaKn+wAEbwURH6/aRgZBdBYaA==
    -----END PUBLIC KEY-----"""
