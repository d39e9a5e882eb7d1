// Which certificates a client accepts, and what it says about the others.

import expect show *
import net.x509
import tls

import .certificates
import .memory

main:
  test-accepted
  test-keys
  test-roots
  test-names
  test-times
  test-keys-refused
  test-installed
  // expect: done
  print "done"

/** The error of a client of a server with this certificate; null if it accepts it. */
client-error certificate/string key/any --name/string="localhost" --roots/List=[ROOT] --skip/bool=false -> string?:
  pair := Pair
  outcome := greet
      pair.server (identity certificate key)
      pair.client --name=name --roots=roots --skip=skip
  if outcome.client:
    expect (outcome.server.contains "received from our peer")
  else:
    expect-null outcome.server
  return outcome.client

test-accepted:
  expect-null (client-error SERVER SERVER-KEY)
  expect-null (client-error SERVER SERVER-KEY --name="www.example.org")
  expect-null (client-error SERVER SERVER-KEY --name="127.0.0.1")
  expect-null (client-error SERVER SERVER-KEY --name="")
  expect-null (client-error CHAINED CHAINED-KEY)
  expect-null (client-error RSA RSA-KEY)
  expect-null (client-error SERVER SERVER-KEY --roots=[OTHER, ROOT])
  // Certificates that are trusted themselves, one of them signed by its owner.
  expect-null (client-error SELF-SIGNED SELF-SIGNED-KEY --roots=[SELF-SIGNED])
  expect-null (client-error SERVER SERVER-KEY --roots=[SERVER])
  // Without validation.
  expect-null (client-error EXPIRED EXPIRED-KEY --roots=[] --name="other.example" --skip)

/** The forms of private keys. */
test-keys:
  expect-null (client-error SERVER SERVER-KEY-SEC1)
  expect-null (client-error SERVER SERVER-KEY.to-byte-array)
  pair := Pair
  locked := identity SERVER.to-byte-array SERVER-KEY-LOCKED --password="secret"
  expect-null (greet (pair.server locked) pair.client).client
  pair = Pair
  expect-throw "INVALID_ARGUMENT": (pair.server (identity SERVER SERVER-KEY-LOCKED --password="wrong")).handshake

test-roots:
  expect-equals "Unknown root certificate: 'O=Lucarne, CN=Test Root'\nCertificate error 0x0008: 'CN=server'\nNOT_TRUSTED"
      client-error SERVER SERVER-KEY --roots=[OTHER]
  expect-equals "Unknown root certificate: 'CN=Test Intermediate'\nCertificate error 0x0008: 'CN=chained'\nNOT_TRUSTED"
      client-error CHAINED-ALONE CHAINED-KEY
  expect-equals "Unknown root certificate: 'CN=localhost'\nCertificate error 0x0008: 'CN=localhost'\nNOT_TRUSTED: the certificate is that of an authority, and not among the roots"
      client-error SELF-SIGNED SELF-SIGNED-KEY
  expect-equals "Certificate error 0x1000: 'CN=client one'\nEXT_KEY_USAGE: the certificate is for another purpose"
      client-error CLIENT CLIENT-KEY --name=""

test-names:
  expect-equals "Certificate error 0x0004: 'CN=server'\nCN_MISMATCH: the certificate is for 'localhost', '*.example.org', '127.0.0.1', not for 'example.com'"
      client-error SERVER SERVER-KEY --name="example.com"
  // The common name does not count beside alternative names.
  expect ((client-error SERVER SERVER-KEY --name="server").contains "CN_MISMATCH")
  expect ((client-error SERVER SERVER-KEY --name="127.0.0.2").contains "CN_MISMATCH")
  expect-equals "Certificate error 0x0004: 'CN=localhost'\nCN_MISMATCH: the certificate is for 'localhost', not for 'example.com'"
      client-error SELF-SIGNED SELF-SIGNED-KEY --roots=[SELF-SIGNED] --name="example.com"
  expect-equals "Unknown root certificate: 'CN=localhost'\nCertificate error 0x000c: 'CN=localhost'\nCN_MISMATCH: the certificate is for 'localhost', not for 'example.com'\nNOT_TRUSTED: the certificate is that of an authority, and not among the roots"
      client-error SELF-SIGNED SELF-SIGNED-KEY --name="example.com"
  pair := Pair
  error := catch: (pair.client --name="no name").handshake
  expect-equals "'no name' is not the name or address of a server" error

test-times:
  expect-equals "Certificate error 0x0001: 'CN=expired'\nEXPIRED: valid until 2001-01-01T00:00:00Z"
      client-error EXPIRED EXPIRED-KEY
  expect-equals "Certificate error 0x0001: 'CN=expired'\nEXPIRED: valid until 2001-01-01T00:00:00Z"
      client-error EXPIRED EXPIRED-KEY --roots=[EXPIRED]
  expect-equals "Certificate error 0x0001: 'CN=Stale Intermediate'\nEXPIRED: valid until 2001-01-01T00:00:00Z"
      client-error OF-STALE CHAINED-KEY
  expect-equals "Certificate error 0x0200: 'CN=future'\nFUTURE: valid from 2199-01-01T00:00:00Z"
      client-error FUTURE FUTURE-KEY

/** A server whose key cannot be used says so before it sends anything. */
test-keys-refused:
  pair := Pair
  expect-throw "the private key does not belong to the certificate 'CN=server'":
    (pair.server (identity SERVER RSA-KEY)).handshake
  pair = Pair
  expect-throw "INVALID_ARGUMENT": (pair.server (identity SERVER "-----BEGIN PRIVATE KEY-----\nxx")).handshake
  pair = Pair
  expect-throw "A TLS server needs a certificate":
    (tls.Session.server pair.server-reader pair.server-writer).handshake

/** Certificates that the process has installed count in sessions without roots of their own, and only there. */
test-installed:
  expect ((client-error SERVER SERVER-KEY --roots=[]).contains "Unknown root certificate")
  first := tls.add-global-root-certificate_ OTHER
  expect ((client-error SERVER SERVER-KEY --roots=[]).contains "Unknown root certificate")
  (tls.RootCertificate ROOT --name="test").install
  expect-null (client-error SERVER SERVER-KEY --roots=[])
  expect ((client-error SERVER SERVER-KEY --roots=[OTHER]).contains "Unknown root certificate")
  expect-equals first (tls.add-global-root-certificate_ OTHER)
  expect-equals first (tls.add-global-root-certificate_ OTHER first)

  expect-equals "test" (tls.RootCertificate ROOT --name="test").stringify
  parsed := x509.Certificate.parse ROOT
  expect-throw "WRONG_OBJECT_TYPE": tls.add-global-root-certificate_ parsed
  expect-throw "WRONG_OBJECT_TYPE": tls.RootCertificate 5
  expect-throw "INVALID_ARGUMENT": tls.add-global-root-certificate_ "no certificate"
  expect-throw "X509 - The CRT/CRL/CSR format is invalid, e.g. different type expected":
    tls.add-global-root-certificate_ #[1, 2, 3]
  tls.use-system-trusted-root-certificates
  tls.use-system-trusted-root-certificates
  expect-null (client-error SERVER SERVER-KEY --roots=[])
  expect ((client-error SELF-SIGNED SELF-SIGNED-KEY --roots=[]).contains "Unknown root certificate")
