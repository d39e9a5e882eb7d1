// Reading certificates.

import encoding.base64
import expect show *
import net.x509

import .certificates

main:
  expect-equals "Test Root" (x509.Certificate.parse ROOT).common-name
  expect-equals "client one" (x509.Certificate.parse CLIENT.to-byte-array).common-name
  // Text around a certificate, and spaces before it.
  expect-equals "server" (x509.Certificate.parse "subject=x\n  $SERVER trailing").common-name
  // The first of several certificates counts.
  expect-equals "chained" (x509.Certificate.parse CHAINED).common-name
  der := base64.decode (((ROOT.trim.split "\n").filter: not it.starts-with "-").join "")
  expect-equals "Test Root" (x509.Certificate.parse der).common-name
  expect-equals "Test Root" (x509.Certificate.parse der + der).common-name

  expect-throw "INVALID_ARGUMENT": x509.Certificate.parse "no certificate"
  expect-throw "INVALID_ARGUMENT": x509.Certificate.parse SERVER-KEY
  expect-throw "WRONG_OBJECT_TYPE": x509.Certificate.parse 5
  expect-throw "WRONG_OBJECT_TYPE": x509.Certificate.parse null
  malformed := "X509 - The CRT/CRL/CSR format is invalid, e.g. different type expected"
  expect-throw malformed: x509.Certificate.parse #[]
  expect-throw malformed: x509.Certificate.parse der[..der.size - 1]
  expect-throw malformed: x509.Certificate.parse der + #[0]
  expect-throw malformed: x509.Certificate.parse (SERVER.replace "MII" "!!!")
  // The algorithm that the certificate says and the one that it is signed with must be the same.
  changed := der.copy
  algorithm := #[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
  place := 0
  (der.size - 8).repeat: if place == 0 and der[it .. it + 8] == algorithm: place = it
  changed[place + 7] = 3
  error := catch: x509.Certificate.parse changed
  expect (error.contains "OID is not found")
  // Whatever is changed, there is a certificate or an error.
  der.size.repeat:
    changed = der.copy
    changed[it] ^= 1 << it % 8
    catch: (x509.Certificate.parse changed).common-name
  // expect: done
  print "done"
