/** X.509 certificates. */

/** A certificate, or several that lead from one to a root. */
class Certificate:
  /** The binary form (DER), one certificate after the other. */
  der_/ByteArray

  /**
  Reads a certificate: text in the form PEM, or bytes in the form PEM or DER.

  A text can have several certificates. The first is that of a server or client; those after it lead to a root.
  */
  constructor.parse input/any:
    der_ = x509-parse_ input

  /** The common name (CN) of the certificate. An empty string if it has none. */
  common-name -> string:
    return x509-common-name_ der_

x509-parse_ input/any -> ByteArray:
  #primitive.x509.parse

x509-common-name_ der/ByteArray -> string:
  #primitive.x509.common-name
