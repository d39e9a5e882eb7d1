// A small server for HTTP/1.1 (RFC 9112), with limits on all that a client can send.
import io
import monitor
import net.tcp

/** The size of the request line and the headers together, at most. */
MAX-HEAD ::= 16 * 1024
/** The size of a body, at most. */
MAX-BODY ::= 64 * 1024
/** The number of connections at once. Further ones wait until one closes. */
MAX-CONNECTIONS ::= 100
/** The time for a request to arrive, for a response to be taken, and between requests. */
PATIENCE ::= Duration --s=10

REASONS_ ::= {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  414: "URI Too Long",
  417: "Expectation Failed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
}

class Response:
  status/int
  headers/Map
  body/ByteArray

  constructor .body --type/string:
    status = 200
    headers = {"Content-Type": type}

  /** A response whose body is its own status. */
  constructor.error .status --headers/Map={:}:
    this.headers = {"Content-Type": "text/plain; charset=utf-8"}
    headers.do: | name/string value/string | this.headers[name] = value
    body = "$status $REASONS_[status]\n".to-byte-array

/** A request that is not correct. The connection ends with a response that has this status. */
class BadRequest:
  status/int

  constructor .status=400:

class Server:
  socket_/tcp.ServerSocket
  free_/monitor.Semaphore ::= monitor.Semaphore --count=MAX-CONNECTIONS

  constructor .socket_:

  /** Answers each request with the result of $handler, forever. Each connection has a task of its own. */
  run handler/Lambda -> none:
    while true:
      free_.down
      accepted/tcp.Socket? := null
      error := catch: accepted = socket_.accept
      if not accepted:
        free_.up
        // There are too many open sockets, for example.
        print "cannot accept a connection: $error"
        sleep --ms=100
        continue
      socket := accepted
      task --background::
        try:
          // A connection that breaks concerns its client alone.
          catch: (Connection_ socket).serve handler
        finally:
          critical-do: socket.close
          free_.up

class Connection_:
  socket_/tcp.Socket

  constructor .socket_:
    socket_.no-delay = true

  /** Answers requests, one after the other, until either side ends the connection. */
  serve handler/Lambda -> none:
    while await-request_:
      request/Request? := null
      failure := catch --unwind=(: it is not BadRequest and it != DEADLINE-EXCEEDED-ERROR):
        with-timeout PATIENCE: request = Request.read socket_
      if failure:
        status := failure is BadRequest ? (failure as BadRequest).status : 408
        send_ (Response.error status) --no-keep --body
        linger_
        return
      response/Response? := null
      error := catch --trace: response = handler.call request
      if error: response = Response.error 500
      send_ response --keep=request.keeps-alive --body=(request.method != "HEAD")
      if not request.keeps-alive:
        linger_
        return

  /** Waits for the first byte of a request. Returns whether there is one in time. */
  await-request_ -> bool:
    catch --unwind=(: it != DEADLINE-EXCEEDED-ERROR):
      with-timeout PATIENCE: return socket_.in.try-ensure-buffered 1
    return false

  send_ response/Response --keep/bool --body/bool -> none:
    out := io.Buffer
    out.write "HTTP/1.1 $response.status $REASONS_[response.status]\r\n"
    out.write "Date: $(date_ Time.now.utc)\r\n"
    response.headers.do: | name/string value/string | out.write "$name: $value\r\n"
    out.write "Content-Length: $response.body.size\r\n"
    if not keep: out.write "Connection: close\r\n"
    out.write "\r\n"
    if body: out.write response.body
    with-timeout PATIENCE: socket_.out.write out.bytes

  /** Ends the connection such that the client can still read the response: bytes that arrive are dropped for a while. */
  linger_ -> none:
    socket_.out.close
    with-timeout --ms=500: socket_.in.drain

class Request:
  method/string
  /** The path, without the query. */
  path/string
  /** What follows the `?`; null if there is none. */
  query/string?
  /** The values of the headers, by their names in lower case. */
  headers/Map
  body/ByteArray
  /** Whether the client expects to send further requests. */
  keeps-alive/bool

  /** Reads a request. Throws a $BadRequest if it is not correct or too large. */
  constructor.read socket/tcp.Socket:
    head := HeadReader_ socket.in
    line := head.read-line --if-too-long=414
    // A client may send an empty line after a body.
    if line == "": line = head.read-line --if-too-long=414
    parts := line.split " "
    if parts.size != 3 or not is-token_ parts[0]: throw BadRequest
    method = parts[0]
    target/string := parts[1]
    version/string := parts[2]
    check-version_ version
    // A client that takes this for a proxy sends the whole address.
    if target.starts-with "http://":
      slash := target.index-of "/" 7
      target = slash < 0 ? "/" : target[slash..]
    if not target.starts-with "/" and not (target == "*" and method == "OPTIONS"): throw BadRequest
    question := target.index-of "?"
    path = question < 0 ? target : target[..question]
    query = question < 0 ? null : target[question + 1..]
    headers = head.read-headers
    is-new := version != "HTTP/1.0"
    if is-new and not headers.contains "host": throw BadRequest
    if headers.get "host" --if-present=(: it.contains ","): throw BadRequest
    keeps-alive = is-new ? not has_ headers "connection" "close" : has_ headers "connection" "keep-alive"
    body = read-body_ socket headers --is-new=is-new

/** Reads lines up to the limit for the head of a request. */
class HeadReader_:
  reader_/io.Reader
  left_/int := MAX-HEAD

  constructor .reader_:

  read-line --if-too-long/int -> string:
    size := reader_.index-of '\n' --to=left_
    if size < 0:
      if reader_.buffered-size >= left_: throw (BadRequest if-too-long)
      throw io.Reader.UNEXPECTED-END-OF-READER
    left_ -= size + 1
    bytes := reader_.read-bytes size
    reader_.skip 1
    if size > 0 and bytes[size - 1] == '\r': bytes = bytes[..size - 1]
    bytes.do: if it == 0x7f or it < ' ' and it != '\t': throw BadRequest
    return bytes.to-string-non-throwing

  /** Reads headers up to the empty line. Headers with the same name become one list of values. */
  read-headers -> Map:
    headers := {:}
    while true:
      line := read-line --if-too-long=431
      if line == "": return headers
      colon := line.index-of ":"
      // Names with spaces, and lines that continue the previous one, can be read in several ways.
      if colon < 0 or not is-token_ line[..colon]: throw BadRequest
      name := line[..colon].to-ascii-lower
      value := line[colon + 1..].trim
      headers[name] = headers.contains name ? "$headers[name], $value" : value

check-version_ version/string -> none:
  if version == "HTTP/1.1" or version == "HTTP/1.0": return
  if not version.starts-with "HTTP/": throw BadRequest
  // Later versions of HTTP/1 are answered as this one is.
  if not version.starts-with "HTTP/1.": throw (BadRequest 505)
  if version.size != 8 or not '0' <= version[7] <= '9': throw BadRequest

/** Whether $text consists of the characters that methods and names of headers have. */
is-token_ text/string -> bool:
  text.do --runes:
    is-letter := 'a' <= it <= 'z' or 'A' <= it <= 'Z' or '0' <= it <= '9'
    if not is-letter and not "!#\$%&'*+-.^_`|~".contains (string.from-rune it): return false
  return text != ""

/** Whether the list of values of a header has this $value. */
has_ headers/Map name/string value/string -> bool:
  text := headers.get name --if-absent=: return false
  return (text.split ",").any: it.trim.to-ascii-lower == value

read-body_ socket/tcp.Socket headers/Map --is-new/bool -> ByteArray:
  coding := headers.get "transfer-encoding"
  length := headers.get "content-length"
  // A request with both could hide another request from a proxy.
  if coding and (length or not is-new): throw BadRequest
  if not coding and not length: return #[]
  if coding and coding.to-ascii-lower != "chunked": throw (BadRequest 501)
  size := length ? (parse-size_ length --radix=10) : 0
  if headers.contains "expect":
    if headers["expect"].to-ascii-lower != "100-continue": throw (BadRequest 417)
    socket.out.write "HTTP/1.1 100 Continue\r\n\r\n"
  return coding ? (read-chunks_ socket.in) : (socket.in.read-bytes size).copy

read-chunks_ reader/io.Reader -> ByteArray:
  body := io.Buffer
  while true:
    // Each line counts for itself, and there are at most as many chunks as bytes.
    line := (HeadReader_ reader).read-line --if-too-long=400
    semicolon := line.index-of ";"
    size := parse-size_ (semicolon < 0 ? line : line[..semicolon]).trim --radix=16
    if size == 0:
      // Headers can follow, and are not used.
      (HeadReader_ reader).read-headers
      return body.bytes
    if body.size + size > MAX-BODY: throw (BadRequest 413)
    body.write (reader.read-bytes size)
    end := (HeadReader_ reader).read-line --if-too-long=400
    if end != "": throw BadRequest

/** The size of a body or a chunk: digits alone, without a sign. */
parse-size_ text/string --radix/int -> int:
  digits := radix == 16 ? "0123456789abcdefABCDEF" : "0123456789"
  if text == "": throw BadRequest
  text.do --runes: if not digits.contains (string.from-rune it): throw BadRequest
  size := text.size > 15 ? MAX-BODY + 1 : (int.parse text --radix=radix)
  if size > MAX-BODY: throw (BadRequest 413)
  return size

WEEKDAYS_ ::= ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
MONTHS_ ::= ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** The time in the form that HTTP has for it. */
date_ time/TimeInfo -> string:
  weekday := WEEKDAYS_[time.weekday % 7]
  return "$weekday, $(%02d time.day) $MONTHS_[time.month - 1] $time.year $(%02d time.h):$(%02d time.m):$(%02d time.s) GMT"
