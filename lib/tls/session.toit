import crypto.hmac show Hmac
import ..crypto.secret_ show fill-secret_ secret-bytes_
import ..crypto.pieces_ show pieces-do_
import io
import monitor

import .certificate

/** The mode of a session during its handshake. */
SESSION-MODE-CONNECTING ::= 0
/** A mode of the existing system, which no session has here. */
SESSION-MODE-MBED-TLS   ::= 1
/** The mode of a session after its handshake. */
SESSION-MODE-TOIT       ::= 2
/** The mode of a session that is closed or has failed. */
SESSION-MODE-CLOSED     ::= 3
/** The mode of a session before its handshake. */
SESSION-MODE-NONE       ::= 4

// The bits of a session's status.
TOIT-TLS-DONE_       ::= 1 << 0
TOIT-TLS-WANT-READ_  ::= 1 << 1
TOIT-TLS-WANT-WRITE_ ::= 1 << 2
TOIT-TLS-ENDED_      ::= 1 << 3
TOIT-TLS-FAILED_     ::= 1 << 4

/** The size of a session's state, in bytes. */
STATE-SIZE_ ::= 32

/**
An encrypted connection over any reader and writer.

`tls.Socket` is the same for the connections of a network.
*/
class Session:
  static DEFAULT-HANDSHAKE-TIMEOUT ::= Duration --s=10

  is-server/bool
  certificate/Certificate?
  root-certificates/List
  /** The longest time between two messages of the handshake. */
  handshake-timeout/Duration
  skip-certificate-validation/bool

  reader_/io.CloseableReader? := ?
  writer_/io.CloseableWriter? := ?
  server-name_/string?

  tls_/any := null
  mode_/int := SESSION-MODE-NONE
  handshake-in-progress_/monitor.Latch? := null
  given-state_/ByteArray? := null
  is-resumed_/bool := false
  has-ended_/bool := false
  is-closed-for-write_/bool := false
  writing_/monitor.Mutex ::= monitor.Mutex
  is-writing_/bool := false
  write-error_/any := null

  /**
  Creates the client of a session.

  The certificate of the server must be among the $root-certificates, or signed by one of them. Without them, the
    certificates count that the process has installed: see $RootCertificate.install. It must also be valid
    for the $server-name, if there is one. With $skip-certificate-validation every certificate is good, so
    a machine in the middle can read and change what is sent.

  If the server asks for a certificate, it gets the $certificate.

  A $session-state continues an earlier session, if the server agrees.
  */
  constructor.client .reader_ .writer_
      --server-name/string?=null
      --.certificate=null
      --.root-certificates=[]
      --session-state/ByteArray?=null
      --.handshake-timeout=DEFAULT-HANDSHAKE-TIMEOUT
      --.skip-certificate-validation=false:
    is-server = false
    server-name_ = server-name
    given-state_ = session-state

  /**
  Creates the server of a session.

  With $root-certificates, clients need a certificate that is among them or signed by one of them.
  */
  constructor.server .reader_ .writer_
      --.certificate=null
      --.root-certificates=[]
      --.handshake-timeout=DEFAULT-HANDSHAKE-TIMEOUT:
    is-server = true
    server-name_ = null
    skip-certificate-validation = false

  /** The mode: one of $SESSION-MODE-NONE, $SESSION-MODE-CONNECTING, $SESSION-MODE-TOIT, $SESSION-MODE-CLOSED. */
  mode -> int:
    return mode_

  /** Whether the session continues an earlier one. False until the handshake is complete. */
  resumed -> bool:
    return is-resumed_ and mode_ == SESSION-MODE-TOIT

  /**
  The state by which a client can continue this session later. Null if the server does not offer it.

  The state is good as long as this system runs, also for another process. With a state that is not, or for
    another server, there is a full handshake. A server with TLS 1.3 sends what the state stands for
    after the handshake, so a client should read something before it closes the session.

  With the state, a process can take part in sessions with this server. Treat it like a password.
  */
  session-state -> ByteArray?:
    if is-server or mode_ != SESSION-MODE-TOIT: return given-state_
    return tls-session-state_ tls_

  /** Continues an earlier session. Throws if the handshake has started. */
  session-state= state/ByteArray? -> none:
    if mode_ != SESSION-MODE-NONE: throw "Too late to set session state"
    given-state_ = state

  /** Completes the handshake. Reading and writing do so too. */
  handshake -> none:
    if not reader_: throw "ALREADY_CLOSED"
    if handshake-in-progress_:
      handshake-in-progress_.get
      return
    if mode_ != SESSION-MODE-NONE: throw "TLS_ALREADY_HANDSHAKEN"
    mode_ = SESSION-MODE-CONNECTING
    handshake-in-progress_ = monitor.Latch
    try:
      tls_ = start_
      handshake_
      is-resumed_ = tls-is-resumed_ tls_
      mode_ = SESSION-MODE-TOIT
    finally: | is-exception exception |
      // A task that is canceled must also tell those that wait for the handshake.
      critical-do:
        if is-exception: fail_
        latch := handshake-in-progress_
        handshake-in-progress_ = null
        latch.set (is-exception ? exception.value : null) --exception=is-exception

  /** The native state of a new session. */
  start_ -> any:
    roots := root-certificates.is-empty ? null : native-roots_ root-certificates
    now := Time.now.s-since-epoch
    if is-server:
      if not certificate: throw "A TLS server needs a certificate"
      return tls-server_ certificate.native_ roots now
    identity := certificate ? certificate.native_ : null
    seed := secret-bytes_ STATE-SIZE_
    if not roots: roots = installed-roots_.native
    return tls-client_ roots server-name_ identity skip-certificate-validation given-state_ seed now

  handshake_ -> none:
    while true:
      with-timeout handshake-timeout: flush_
      if (tls-status_ tls_) & TOIT-TLS-DONE_ != 0: return
      with-timeout handshake-timeout:
        bytes := reader_.read
        if not bytes: throw "UNEXPECTED_END_OF_READER"
        feed_ bytes

  /** Lets the session have $bytes of the peer. If it fails, the peer is told why. */
  feed_ bytes/ByteArray -> none:
    status := tls-feed_ tls_ bytes
    if status & TOIT-TLS-ENDED_ != 0: has-ended_ = true
    if status & TOIT-TLS-FAILED_ == 0: return
    error := tls-error_ tls_
    catch: with-timeout handshake-timeout: flush_
    fail_
    throw error

  /** Sends what the session has for the peer. If another task is writing, it does this. */
  flush_ -> none:
    if is-writing_: return
    writing_.do: if tls_: send_ (tls-take-outgoing_ tls_)

  /** Sends $bytes, and what the session has for the peer after that. Called only in $writing_. */
  send_ bytes/ByteArray -> none:
    if write-error_: throw write-error_
    is-writing_ = true
    try:
      while bytes.size > 0:
        writer_.write bytes
        bytes = tls_ ? tls-take-outgoing_ tls_ : #[]
    finally: | is-exception exception |
      is-writing_ = false
      // The peer may have got a part of a record, so nothing can follow.
      if is-exception: write-error_ = exception.value

  /** Writes $data from $from to $to (exclusive). Returns the number of bytes. */
  write data/io.Data from/int=0 to/int=data.byte-size -> int:
    ensure-handshaken_
    writing_.do:
      pieces-do_ data from to: | piece start end |
        if not tls_: throw "TLS_SOCKET_NOT_CONNECTED"
        if is-closed-for-write_: throw "WRITER_CLOSED"
        send_ (tls-encrypt_ tls_ piece start end)
    return to - from

  /** Reads data; null at the end. */
  read -> ByteArray?:
    ensure-handshaken_
    while tls_:
      data := tls-take-incoming_ tls_
      if data: return data
      if has-ended_: return null
      bytes := reader_.read
      if not bytes: return null
      if not tls_: break
      feed_ bytes
      if (tls-status_ tls_) & TOIT-TLS-WANT-WRITE_ != 0: flush_
    throw "TLS_SOCKET_NOT_CONNECTED"

  /** Tells the peer that no more data follows. Reading goes on. */
  close-write -> none:
    if not tls_ or is-closed-for-write_ or mode_ != SESSION-MODE-TOIT: return
    writing_.do:
      if not tls_: return
      is-closed-for-write_ = true
      tls-close-write_ tls_
      send_ (tls-take-outgoing_ tls_)

  /** Closes the session, its reader and its writer. */
  close -> none:
    // A peer that does not read must not keep this task waiting.
    if not is-writing_ and not write-error_: catch: with-timeout --ms=100: close-write
    reader := reader_
    writer := writer_
    fail_
    writer_ = null
    // The connection below may have ended already.
    catch:
      if reader:
        reader.clear
        reader.close
      if writer: writer.close

  /** Frees the session. */
  fail_ -> none:
    tls := tls_
    tls_ = null
    reader_ = null
    if mode_ != SESSION-MODE-NONE: mode_ = SESSION-MODE-CLOSED
    if tls: tls-close_ tls

  ensure-handshaken_ -> none:
    if mode_ != SESSION-MODE-TOIT: handshake

/**
The pseudo-random function of TLS 1.2 (RFC 5246, section 5): $size bytes from a $secret, a $label and a $seed.
The block of the hash has $block-size bytes.
*/
pseudo-random-function_
    size/int
    --block-size/int
    --secret/ByteArray
    --label/string
    --seed/ByteArray
    hash/Lambda -> ByteArray:
  keyed := Hmac --block-size=block-size secret hash
  labeled := label.to-byte-array + seed
  result := io.Buffer
  chained := labeled
  while result.size < size:
    chained = authenticated_ keyed chained
    result.write (authenticated_ keyed chained + labeled)
  return result.bytes[..size]

authenticated_ keyed/Hmac data/ByteArray -> ByteArray:
  hmac := keyed.clone
  hmac.add data
  return hmac.get

/** Overwrites $destination with bytes that cannot be guessed. */
tls-get-random_ destination/ByteArray -> none:
  fill-secret_ destination 0 destination.size

tls-client_ roots/any name/string? identity/any skips-validation/bool token/ByteArray? seed/ByteArray now/int -> any:
  #primitive.tls.client

tls-server_ identity/any roots/any now/int -> any:
  #primitive.tls.server

tls-feed_ tls/any bytes/ByteArray -> int:
  #primitive.tls.feed

tls-status_ tls/any -> int:
  #primitive.tls.status

tls-take-incoming_ tls/any -> ByteArray?:
  #primitive.tls.take-incoming

tls-take-outgoing_ tls/any -> ByteArray:
  #primitive.tls.take-outgoing

tls-encrypt_ tls/any data/any from/int to/int -> ByteArray:
  #primitive.tls.encrypt

tls-close-write_ tls/any -> none:
  #primitive.tls.close-write

tls-error_ tls/any -> string?:
  #primitive.tls.error

tls-is-resumed_ tls/any -> bool:
  #primitive.tls.is-resumed

tls-session-state_ tls/any -> ByteArray?:
  #primitive.tls.session-state

tls-close_ tls/any -> none:
  #primitive.tls.close
