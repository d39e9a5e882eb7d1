// helper
// Pairs of readers and writers in memory, and sessions over them.

import io
import monitor
import net.x509
import tls

import .certificates

/** Bytes on their way from a writer to a reader. */
monitor Pipe:
  static ROOM ::= 20_000

  bytes_/Deque ::= Deque
  size_/int := 0
  is-ended_/bool := false

  put data/ByteArray -> none:
    await: size_ < ROOM or is-ended_
    if is-ended_: throw "the pipe has ended"
    bytes_.add data
    size_ += data.size

  take -> ByteArray?:
    await: size_ > 0 or is-ended_
    if size_ == 0: return null
    data/ByteArray := bytes_.remove-first
    size_ -= data.size
    return data

  end -> none:
    is-ended_ = true

class PipeReader extends io.CloseableReader:
  pipe/Pipe
  constructor .pipe:
  read_ -> ByteArray?: return pipe.take
  close_ -> none: pipe.end

class PipeWriter extends io.CloseableWriter:
  pipe/Pipe
  /** The most bytes of a piece. */
  piece-size/int := 100_000
  /** Called with each piece. Returns what the reader gets. */
  filter/Lambda? := null

  constructor .pipe:

  try-write_ data/io.Data from/int to/int -> int:
    end := min to (from + piece-size)
    piece := ByteArray.from data from end
    pipe.put (filter ? filter.call piece : piece)
    return end - from

  close_ -> none: pipe.end

/** Both ends of a connection in memory. */
class Pair:
  up/Pipe ::= Pipe
  down/Pipe ::= Pipe
  client-reader/PipeReader? := null
  client-writer/PipeWriter? := null
  server-reader/PipeReader? := null
  server-writer/PipeWriter? := null

  constructor:
    client-reader = PipeReader down
    client-writer = PipeWriter up
    server-reader = PipeReader up
    server-writer = PipeWriter down

  client -> tls.Session
      --name/string="localhost"
      --roots/List=[ROOT]
      --certificate/tls.Certificate?=null
      --state/ByteArray?=null
      --timeout/Duration=(Duration --s=60)
      --skip/bool=false:
    return tls.Session.client client-reader client-writer
        --server-name=(name == "" ? null : name)
        --root-certificates=(roots.map: tls.RootCertificate it)
        --certificate=certificate
        --session-state=state
        --handshake-timeout=timeout
        --skip-certificate-validation=skip

  server
      certificate/tls.Certificate=(identity SERVER SERVER-KEY)
      --roots/List=[]
      --timeout/Duration=(Duration --s=60) -> tls.Session:
    return tls.Session.server server-reader server-writer
        --certificate=certificate
        --root-certificates=(roots.map: x509.Certificate.parse it)
        --handshake-timeout=timeout

identity certificate/any key/any --password/string="" -> tls.Certificate:
  return tls.Certificate (x509.Certificate.parse certificate) key --password=password

/** What the client and the server of a session have ended with: null, or an error. */
class Outcome:
  client/any := null
  server/any := null

/** Sends "hello" from $server to $client and "bye" back, each in a task of its own. */
greet server/tls.Session client/tls.Session -> Outcome:
  outcome := Outcome
  done := monitor.Latch
  task::
    outcome.server = catch:
      server.write "hello"
      text := server.read
      if not text or text.to-string != "bye": throw "the server got $text"
    server.close
    done.set null
  outcome.client = catch:
    text := client.read
    if not text or text.to-string != "hello": throw "the client got $text"
    client.write "bye"
    client.close-write
    if client.read: throw "there is more"
  client.close
  done.get
  return outcome
