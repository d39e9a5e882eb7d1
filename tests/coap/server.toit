// A client and a server, over a real connection.

import coap
import coap.message show *
import coap.option show *
import coap.tcp show *
import coap.transport show *
import expect show *
import io
import monitor
import net
import net.tcp

/** Answers requests by their paths. */
class Server:
  listener/tcp.ServerSocket
  transport_/TcpTransport? := null
  /** The codes, paths and contents of requests. */
  log := []

  constructor network/net.Client:
    listener = network.tcp-listen 0
    task --background:: catch: serve_

  connect network/net.Client -> tcp.Socket:
    return network.tcp-connect "127.0.0.1" listener.local-address.port

  serve_ -> none:
    while true:
      transport_ = TcpTransport listener.accept
      catch:
        while true:
          response := transport_.read
          if not response: break
          handle_ response.message
      transport_.close

  handle_ request/Message -> none:
    content := request.read-payload
    log.add "$request.code-detail $request.path $content.to-string"
    path := request.path
    if path == "/echo": send_ request.token CODE-CONTENT content
    if path == "/large": send_ request.token CODE-CONTENT (ByteArray 100_000: it)
    if path == "/twice": 2.repeat: send_ request.token CODE-CONTENT #[it]
    if path == "/missing": send_ request.token CODE-NOT-FOUND "no such thing".to-byte-array
    if path == "/counter": count_ request
    if path == "/close": transport_.close

  /** Notifies three times and then fails. Answers once if the client stops. */
  count_ request/Message -> none:
    option/Option := (request.options.filter: it.number == OPTION-OBSERVE).first
    if option.as-uint == 1:
      send_ request.token CODE-CONTENT #[99]
      return
    3.repeat: send_ request.token CODE-CONTENT #[it] --observe=(it + 7)
    send_ request.token CODE-NOT-FOUND "gone".to-byte-array

  send_ token/Token code/int content/ByteArray --observe/int?=null -> none:
    message := transport_.new-message as TcpMessage
    message.token = token
    message.code = code
    if observe: message.options.add (Option.uint OPTION-OBSERVE observe)
    message.payload = io.Reader content
    transport_.write message

main:
  network := net.open
  server := Server network
  test-requests network server
  test-streams network server
  test-observe network server
  test-many-tasks network server
  test-end network server
  // expect: done
  print "done"

with-client network/net.Client server/Server [block] -> none:
  client := coap.Client (TcpTransport (server.connect network))
  try:
    block.call client
  finally:
    client.close

test-requests network/net.Client server/Server -> none:
  with-client network server: | client/coap.Client |
    expect client.reliable
    expect client.max-suggested-payload-size > 1_000
    expect-equals "hello" (client.post "/echo" "hello".to-byte-array).read-payload.to-string
    expect-equals "" (client.put "/echo" #[]).read-payload.to-string
    expect-equals CODE-CONTENT (client.get "/echo/").code
    expect-equals (ByteArray 100_000: it) (client.get "/large").read-payload
    expect-throw "COAP ERROR 132: no such thing": client.get "/missing"
    expect-throw "FORMAT_ERROR": client.get "echo"
    // After an error, the connection goes on.
    expect-equals "" (client.get "/echo").read-payload.to-string
  expect-equals ["2 /echo hello", "3 /echo ", "1 /echo ", "1 /large ", "1 /missing ", "1 /echo "] server.log

test-streams network/net.Client server/Server -> none:
  with-client network server: | client/coap.Client |
    request := client.new-message
    request.code = CODE-GET
    request.add-path "/twice"
    seen := []
    client.stream request: | response/Message |
      seen.add response.read-payload[0]
      if seen.size == 2: break.stream
    token := client.stream-start --token-id=#[1, 2]
    expect-throw "INVALID_TOKEN": client.stream-start --token-id=#[1, 2]
    client.stream-end token
    expect-throw "SESSION_CLOSED_ERROR": client.stream-read token
    // A response that is not taken is not in the way of others.
    client.stream request: break.stream
    expect-equals "" (client.get "/echo").read-payload.to-string
    client.oneway request
    expect-equals "" (client.get "/echo").read-payload.to-string

test-observe network/net.Client server/Server -> none:
  server.log.clear
  with-client network server: | client/coap.Client |
    seen := []
    // The server ends it.
    expect-throw "COAP ERROR 132: gone":
      client.observe "/counter": seen.add it.read-payload[0]
    expect-equals [0, 1, 2] seen
    // The client ends it.
    catch:
      client.observe "/counter": | response/Message |
        response.read-payload
        throw "enough"
    expect-equals "" (client.get "/echo").read-payload.to-string
  expect-equals ["1 /counter ", "1 /counter ", "1 /counter ", "1 /echo "] server.log

test-many-tasks network/net.Client server/Server -> none:
  with-client network server: | client/coap.Client |
    done := monitor.Semaphore
    10.repeat: | number/int |
      task::
        10.repeat:
          text := "$number-$it"
          expect-equals text (client.post "/echo" text.to-byte-array).read-payload.to-string
        done.up
    10.repeat: done.down

test-end network/net.Client server/Server -> none:
  // The server closes.
  with-client network server: | client/coap.Client |
    expect-throw coap.CLOSED-ERROR: client.get "/close"
    expect client.is-closed
    expect-throw coap.CLOSED-ERROR: client.get "/echo"
  // The server does not answer.
  client := coap.Client (TcpTransport (server.connect network)) --max-progress-delay=(Duration --ms=20)
  expect-throw DEADLINE-EXCEEDED-ERROR: client.get "/nothing"
  expect client.is-closed
  // What comes is no message.
  garbage := network.tcp-listen 0
  task --background::
    socket := garbage.accept
    socket.out.write #[0x0f, 0x45]
    socket.in.read-all
  client = coap.Client (TcpTransport (network.tcp-connect "127.0.0.1" garbage.local-address.port))
  expect-throw coap.CLOSED-ERROR: client.get "/echo"
  garbage.close
