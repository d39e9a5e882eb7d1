import io
import net.x509 as x509

/** A certificate with its private key, by which a server or a client proves who it is. */
class Certificate:
  certificate/x509.Certificate
  /** The private key, in the form PKCS#1, PKCS#8 or SEC 1: text (PEM) or bytes (PEM or DER). */
  private-key/any
  /** The password that protects the private key. An empty string if there is none. */
  password/string

  identity_/any := null

  constructor .certificate .private-key --.password="":

  /** The form that natives take. It has what the sessions of a server share, so they are resumed. */
  native_ -> any:
    if not identity_: identity_ = tls-identity_ certificate.der_ private-key password
    return identity_

/** A certificate that is trusted: it signs the certificates of servers or clients. */
class RootCertificate:
  /** A number that stands for the certificate. */
  fingerprint/int?
  name/string?
  /** The certificate as it was given. */
  raw/any

  parsed_/x509.Certificate? := null

  /**
  Creates a trusted certificate from text in the form PEM, or from bytes in the form PEM or DER.

  It is read when it is first needed.
  */
  constructor --.name=null --.fingerprint=null .raw:
    if raw is not ByteArray and raw is not string: throw "WRONG_OBJECT_TYPE"

  stringify -> string:
    return name or "Root certificate with fingerprint $fingerprint"

  /** The certificate, read. */
  ensure-parsed_ -> x509.Certificate:
    if not parsed_: parsed_ = x509.Certificate.parse raw
    return parsed_

  /** Makes this process trust the certificate in sessions that are not given roots of their own. */
  install -> none:
    add-global-root-certificate_ raw fingerprint

/**
Makes this process trust a certificate: text in the form PEM, or bytes in the form PEM or DER.

Returns its fingerprint. With a fingerprint in $hash, the certificate is read when it is first needed.
*/
add-global-root-certificate_ cert/any hash/int?=null -> int:
  if cert is not ByteArray and cert is not string: throw "WRONG_OBJECT_TYPE"
  return installed-roots_.add cert hash

/**
Makes this process trust the certificates of the machine, as far as there are any.

The variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name the file or folder; otherwise it is the usual place.
*/
use-system-trusted-root-certificates -> none:
  installed-roots_.add-system

installed-roots_ ::= InstalledRoots_

/** The certificates that a process trusts. */
class InstalledRoots_:
  /** The certificates, in lists by their fingerprints. */
  by-fingerprint_/Map ::= {:}
  has-system_/bool := false
  native_/any := null

  add certificate/any fingerprint/int? -> int:
    if not fingerprint: fingerprint = tls-fingerprint_ (x509.Certificate.parse certificate).der_
    same := by-fingerprint_.get fingerprint --init=: []
    if (same.any: it == certificate): return fingerprint
    // The program may change its bytes later.
    same.add (certificate is ByteArray ? certificate.copy : certificate)
    native_ = null
    return fingerprint

  add-system -> none:
    if has-system_: return
    has-system_ = true
    native_ = null

  /** The form that natives take. */
  native -> any:
    if native_: return native_
    all := []
    by-fingerprint_.do --values: | same/List |
      same.do: all.add (x509.Certificate.parse it)
    system := has-system_ ? tls-system-roots_ : #[]
    return native_ = native-roots_ all system

/** The $certificates and those of $system, in the form that natives take. */
native-roots_ certificates/List system/ByteArray=#[] -> any:
  der := io.Buffer
  certificates.do: | certificate |
    if certificate is not x509.Certificate:
      certificate = (certificate as RootCertificate).ensure-parsed_
    der.write certificate.der_
  der.write system
  return tls-roots_ der.bytes

tls-roots_ der/ByteArray -> any:
  #primitive.tls.roots

tls-system-roots_ -> ByteArray:
  #primitive.tls.system-roots

tls-fingerprint_ der/ByteArray -> int:
  #primitive.tls.fingerprint

tls-identity_ certificate/ByteArray key/any password/string -> any:
  #primitive.tls.identity
