// Servers that ask for the certificates of their clients.

import expect show *
import tls

import .certificates
import .memory

main:
  client := identity CLIENT CLIENT-KEY
  stranger := identity STRANGER STRANGER-KEY

  outcome := greeting client
  expect-null outcome.client
  expect-null outcome.server

  // The client learns from its first read that the server has refused it.
  outcome = greeting null
  expect-equals "SSL - No client certification received from the client, but required" outcome.server
  expect-equals "SSL - A fatal alert message was received from our peer: CertificateRequired" outcome.client

  outcome = greeting stranger
  expect-equals
      "Unknown root certificate: 'CN=Other Root'\nCertificate error 0x0008: 'CN=stranger'\nNOT_TRUSTED"
      outcome.server
  expect (outcome.client.contains "received from our peer")

  // A client is trusted by its own certificate.
  outcome = greeting stranger --roots=[STRANGER]
  expect-null outcome.server

  // A server that does not ask does not look.
  outcome = greeting stranger --roots=[]
  expect-null outcome.server
  // expect: done
  print "done"

greeting certificate/tls.Certificate? --roots/List=[ROOT] -> Outcome:
  pair := Pair
  return greet (pair.server --roots=roots) (pair.client --certificate=certificate)
