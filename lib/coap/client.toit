import io
import log
import monitor

import .message
import .option
import .transport

/** The error of requests when the connection is closed. */
CLOSED-ERROR ::= "TRANSPORT_CLOSED"
/** The error of reading responses of a stream that has ended. */
SESSION-CLOSED-ERROR ::= "SESSION_CLOSED_ERROR"

/**
Sends requests to a server, and waits for the responses. Several tasks can use a client.

A response that tells of an error is thrown, as a text that starts with "COAP ERROR". Read the payloads of responses, or
  drain them: a large one is in the way of the responses behind it.
*/
class Client:
  /** The time that a request, and each response of a stream, can take. */
  static DEFAULT-MAX-DELAY ::= Duration --s=10

  /** The time that a request, and each response of a stream, can take. After it, the client closes. */
  max-progress-delay/Duration

  transport_/Transport
  sessions_/Sessions_ ::= Sessions_
  write-lock_/monitor.Mutex ::= monitor.Mutex
  logger_/log.Logger ::= log.default.with-name "coap"
  run-task_/Task? := null
  is-closed_/bool := false

  /** Without $auto-run, the program calls $run in a task of its own. */
  constructor .transport_ --auto-run=true --.max-progress-delay=DEFAULT-MAX-DELAY:
    if auto-run: run-task_ = task:: run-logged_

  run-logged_ -> none:
    error := catch: run
    run-task_ = null
    if error and error != CLOSED-ERROR and not is-closed_:
      logger_.error "error processing transport" --tags={"error": error}

  /** Receives responses until the connection closes. */
  run -> none:
    try:
      while true:
        response := transport_.read
        if not response: break
        if not sessions_.deliver response: drop_ response
    finally:
      close

  /** Takes the payload of a response that no task waits for from the connection. */
  drop_ response/Response -> none:
    if response.message and response.message.payload: response.message.payload.drain

  /** Whether no messages are lost and all arrive in order. */
  reliable -> bool:
    return transport_.reliable

  is-closed -> bool:
    return is-closed_

  /** Closes the client and its transport. Requests that wait for responses throw $CLOSED-ERROR. */
  close -> none:
    if is-closed_: return
    is-closed_ = true
    sessions_.abort CLOSED-ERROR
    transport_.close
    runner := run-task_
    run-task_ = null
    if runner and runner != Task.current: runner.cancel

  new-message --reliable=true -> Message:
    return transport_.new-message --reliable=reliable

  /** The size of a payload that fits into a packet together with the rest of a usual message. */
  max-suggested-payload-size -> int:
    return transport_.mtu - 32

  /** Asks for what is at the $path. Returns the response. */
  get path/string --token-id/ByteArray?=null -> Message:
    return unary (request_ CODE-GET path) --token-id=token-id

  post path/string payload/ByteArray --token-id/ByteArray?=null -> Message:
    return unary (request_ CODE-POST path --payload=payload) --token-id=token-id

  put path/string payload/ByteArray --token-id/ByteArray?=null -> Message:
    return unary (request_ CODE-PUT path --payload=payload) --token-id=token-id

  request_ code/int path/string --payload/ByteArray?=null --observe/int?=null -> Message:
    message := transport_.new-message
    message.code = code
    if observe: message.options.add (Option.uint OPTION-OBSERVE observe)
    message.add-path path
    if payload: message.payload = io.Reader payload
    return message

  /** Sends a request. Returns its response. */
  unary msg/Message --token-id/ByteArray?=null -> Message:
    stream msg --token-id=token-id: return it
    unreachable

  /** Sends a request that gets no response. */
  oneway msg/Message -> none:
    send_ msg

  /** Sends a request. Calls the block with each response, until the block leaves or a response tells of an error. */
  stream msg/Message --token-id/ByteArray?=null [on-message] -> none:
    token := stream-start --token-id=token-id
    msg.token = token
    try:
      send_ msg
      while true: on-message.call (stream-read token)
    finally:
      stream-end token

  /** Returns a token for a request whose responses $stream-read returns. */
  stream-start --token-id/ByteArray?=null -> Token:
    token := token-id ? Token token-id : Token.create-random
    sessions_.enter token
    return token

  /** Waits for a response with the $token. Without $use-max-progress-delay, as long as it takes. */
  stream-read token/Token --use-max-progress-delay/bool=true -> Message:
    message := receive_ token --timeout=(use-max-progress-delay ? max-progress-delay : null)
    check_ message
    return message

  /** Ends what $stream-start began. Later responses are dropped. */
  stream-end token/Token -> none:
    response := sessions_.leave token
    // The payload is in the way of other responses.
    if response and not is-closed_: task --background::
      catch: drop_ response

  /**
  Asks for what is at the $path, and to be told when it changes. Calls the block with each response.

  When the block leaves, tells the server to stop.
  */
  observe path/string --token-id/ByteArray?=null [on-message] -> none:
    message := request_ CODE-GET path --observe=0
    token := stream-start --token-id=token-id
    message.token = token
    is-observed := false
    try:
      send_ message
      while true:
        reply := receive_ token --timeout=null
        is-observed = is-success_ reply and (reply.options.any: it.number == OPTION-OBSERVE)
        check_ reply
        if not is-observed: throw "OBSERVE_FAILED"
        on-message.call reply
    finally:
      stream-end token
      if is-observed and not is-closed_: critical-do: stop-observing_ path token

  stop-observing_ path/string token/Token -> none:
    error := catch: (unary (request_ CODE-GET path --observe=1) --token-id=token.bytes).read-payload
    if error: logger_.warn "cannot stop to observe" --tags={"path": path, "error": error}

  receive_ token/Token --timeout/Duration? -> Message:
    response/Response? := null
    closing-on-failure_:
      with-timeout timeout: response = sessions_.take token
    if response.error: throw response.error
    return response.message

  send_ message/Message -> none:
    if is-closed_: throw CLOSED-ERROR
    if message.code-class != CODE-CLASS-REQUEST: throw "FORMAT_ERROR"
    closing-on-failure_:
      with-timeout max-progress-delay:
        write-lock_.do: transport_.write message

  /** Closes the client if the block throws: a message can be sent in part. Errors other than timeouts become $CLOSED-ERROR. */
  closing-on-failure_ [block] -> none:
    error := catch --unwind=(: it == CANCELED-ERROR): block.call
    if not error: return
    close
    throw (error == DEADLINE-EXCEEDED-ERROR ? error : CLOSED-ERROR)

  static is-success_ message/Message -> bool:
    return message.code-class == CODE-CLASS-SUCCESS

  static check_ message/Message -> none:
    if is-success_ message: return
    throw "COAP ERROR $message.code: $message.read-payload.to-string-non-throwing"

/** The requests that wait for responses. Each has room for one response. */
monitor Sessions_:
  /** From tokens to responses, or null while none has come. */
  responses_/Map ::= {:}

  enter token/Token -> none:
    if responses_.contains token: throw "INVALID_TOKEN"
    responses_[token] = null

  /** Ends a session. Returns the response that was not taken. */
  leave token/Token -> Response?:
    response := responses_.get token
    responses_.remove token
    return response

  /** Waits for a response, and takes it. */
  take token/Token -> Response:
    response/Response? := null
    await:
      response = responses_.get token --if-absent=: Response.error null SESSION-CLOSED-ERROR
      response != null
    if responses_.contains token: responses_[token] = null
    return response

  /** Waits until there is room for a response. Returns whether there is a session for it. */
  deliver response/Response -> bool:
    token := response.token
    await: not (responses_.get token)
    if not responses_.contains token: return false
    responses_[token] = response
    return true

  /** Ends the sessions that have no response yet with an error. */
  abort error -> none:
    responses_.map --in-place: | _ response | response or (Response.error null error)
