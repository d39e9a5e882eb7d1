// The bridge: the container that holds the connection to the broker.
//
//     bridge.toit HOST PORT [CLIENT-ID [KEEP-ALIVE]]
//
// KEEP-ALIVE is the number of seconds after which a silent broker is given up, 30 by default.
import monitor
import system.services show *

import .mqtt show SELECTOR PUBLISH-INDEX SUBSCRIBE-INDEX NEXT-INDEX STATUS-INDEX
import .packets
import .session show Receiver Session Source
import .topics

/** The number of messages that wait for the broker, at most. Each takes its place until it is acknowledged. */
MAX-QUEUED ::= 100
/** The number of bytes of a message that is published, at most. */
MAX-PAYLOAD ::= 64 * 1024
/** The number of messages that wait for a subscriber, at most. */
MAX-UNREAD ::= 100
/** The number of acknowledgments and requests that wait for the connection, at most. */
MAX-CONTROL ::= 1_000
/** The time that a message waits for a subscriber, at most. Other subscribers may wait for this one. */
PATIENCE ::= Duration --s=30

FIRST-PAUSE   ::= Duration --ms=100
LONGEST-PAUSE ::= Duration --s=5

main arguments/List:
  host := arguments[0]
  port := int.parse arguments[1]
  client-id := arguments.size > 2 ? arguments[2] : "lucarne-$(%08x random 1 << 32)"
  keep-alive := Duration --s=(arguments.size > 3 ? int.parse arguments[3] : 30)
  bridge := Bridge
  bridge.install
  bridge.run host port --client-id=client-id --keep-alive=keep-alive

class Bridge extends ServiceProvider implements ServiceHandler Receiver Source:
  session_/Session? := null
  // The number of connections so far. It tells the packets of one session from those of others.
  connections_/int := 0
  /** The messages for the broker, by their numbers, the oldest first. */
  queue_/Map ::= {:}
  last-id_/int := 0
  /** Packets other than messages, for the current session. */
  control_/Deque ::= Deque
  subscriptions_/List ::= []
  /** The filters that the broker was asked for, by the numbers of the requests. */
  requested_/Map ::= {:}

  constructor:
    super "example/mqtt" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == PUBLISH-INDEX:
      return publish arguments[0] arguments[1] --qos=arguments[2] --retain=arguments[3]
    if index == SUBSCRIBE-INDEX:
      return subscribe arguments client
    if index == NEXT-INDEX:
      subscription := (resource client arguments[0]) as Subscription_
      return subscription.next arguments[1]
    if index == STATUS-INDEX:
      return [session_ != null, queue_.size, connections_]
    unreachable

  // Publishing.

  publish topic/string payload/ByteArray --qos/int --retain/bool -> none:
    check-topic topic
    if qos != 0 and qos != 1: throw "INVALID_QOS"
    if payload.size > MAX-PAYLOAD: throw "MESSAGE_TOO_LARGE"
    if qos == 0 and not session_: throw "NOT_CONNECTED"
    if queue_.size >= MAX-QUEUED: throw "QUEUE_FULL"
    message := Outgoing_ topic payload --qos=qos --retain=retain
    queue_[unused-id_] = message
    wake_
    if qos == 1: message.acknowledged.get

  /** The number of no message in the queue and of no request. There are far fewer of them than numbers. */
  unused-id_ -> int:
    while true:
      last-id_ = last-id_ % 0xffff + 1
      if not queue_.contains last-id_ and not requested_.contains last-id_: return last-id_

  // Subscribing.

  subscribe filter/string client/int -> Subscription_:
    check-filter filter
    subscription := Subscription_ this client filter
    subscriptions_.add subscription
    try:
      if session_: request_ filter
      subscription.wait-until-accepted
      return subscription
    finally: | is-exception _ |
      if is-exception: subscription.close

  request_ filter/string -> none:
    id := unused-id_
    requested_[id] = filter
    control-send_ (subscribe-packet filter --id=id)

  on-subscription-closed subscription/Subscription_ -> none:
    subscriptions_.remove subscription
    is-shared := subscriptions_.any: it.filter == subscription.filter
    if session_ and not is-shared:
      control-send_ (unsubscribe-packet subscription.filter --id=unused-id_)

  // Packets to the broker.

  control-send_ packet/ByteArray -> none:
    control_.add packet
    wake_

  wake_ -> none:
    if session_: session_.wake

  /** See $Source.next-packet. */
  next-packet -> ByteArray?:
    if not control_.is-empty: return control_.remove-first
    queue_.do: | id/int message/Outgoing_ |
      if message.connection != connections_:
        again := message.connection != 0
        message.connection = connections_
        if message.qos == 0: queue_.remove id
        return publish-packet message.topic message.payload
            --id=(message.qos == 0 ? null : id)
            --retain=message.retain
            --again=again
    return null

  acknowledge delivery/Delivery_ -> none:
    // After another connection, the number may be that of another message. The broker sends the
    // message again.
    if session_ and delivery.connection == connections_: control-send_ (puback-packet delivery.id)

  // Packets from the broker.

  /** See $Receiver.on-packet. */
  on-packet packet/Packet -> none:
    if packet.type == PUBLISH: deliver_ packet
    else if packet.type == PUBACK: on-puback_ packet.id
    else if packet.type == SUBACK: on-suback_ packet
    if control_.size > MAX-CONTROL: throw "MQTT: the broker takes no packets"
    subscriptions_.copy.do: | subscription/Subscription_ | subscription.check-progress

  on-puback_ id/int -> none:
    message/Outgoing_? := queue_.get id
    // Only what was sent in this session can be acknowledged in it.
    if not message or message.connection != connections_: return
    queue_.remove id
    message.acknowledged.set null

  on-suback_ packet/Packet -> none:
    filter := requested_.get packet.id
    if not filter: return
    requested_.remove packet.id
    refused := packet.content.is-empty or packet.content[0] > 1
    (subscriptions_.filter: it.filter == filter).do: | subscription/Subscription_ |
      if refused: subscription.end "SUBSCRIPTION_REFUSED"
      else: subscription.accept

  deliver_ packet/Packet -> none:
    delivery := Delivery_ this packet connections_
    if packet.content:
      receivers := subscriptions_.filter: matches it.filter packet.topic
      receivers.do: | subscription/Subscription_ | subscription.add delivery
    else:
      print "dropped a message that is too large: $packet.topic"
    delivery.release

  // The connection.

  /** Keeps a connection to the broker, forever. */
  run host/string port/int --client-id/string --keep-alive/Duration -> none:
    pause := FIRST-PAUSE
    is-fresh := false
    while true:
      error := catch:
        if not is-fresh:
          // What the broker has kept is for subscribers of a bridge that has ended.
          (Session.open host port --client-id=client-id --clean --keep-alive=keep-alive).disconnect
          is-fresh = true
        session := Session.open host port --client-id=client-id --no-clean --keep-alive=keep-alive
        pause = FIRST-PAUSE
        print "connected to $host:$port"
        reason := hold_ session
        print "lost the connection: $reason"
      if error: print "cannot connect to $host:$port: $error"
      sleep pause
      pause = min pause * 2 LONGEST-PAUSE

  /** Uses a session until it ends. Returns the reason. */
  hold_ session/Session -> any:
    connections_++
    session_ = session
    control_.clear
    requested_.clear
    filters := {}
    subscriptions_.do: filters.add it.filter
    filters.do: request_ it
    try:
      return session.run this this
    finally:
      session_ = null
      // Messages with QoS 0 are not sent twice, and do not wait for another connection.
      queue_.filter --in-place: | _ message/Outgoing_ | message.qos == 1

/** A message for the broker. */
class Outgoing_:
  topic/string
  payload/ByteArray
  qos/int
  retain/bool
  /** The connection that it was last sent through; 0 if it was not sent. */
  connection/int := 0
  acknowledged/monitor.Latch ::= monitor.Latch

  constructor .topic .payload --.qos --.retain:

/** A message from the broker. It is acknowledged when all of its holders have released it. */
class Delivery_:
  bridge_/Bridge
  id/int?
  topic/string
  payload/ByteArray?
  connection/int
  arrived-us/int ::= Time.monotonic-us
  holders_/int := 1

  constructor .bridge_ packet/Packet .connection:
    id = packet.id
    topic = packet.topic
    payload = packet.content

  hold -> none:
    holders_++

  release -> none:
    holders_--
    if holders_ == 0 and id: bridge_.acknowledge this

/** The bridge's part of a subscription. */
class Subscription_ extends ServiceResource:
  bridge_/Bridge
  filter/string
  changed_/monitor.Signal ::= monitor.Signal
  is-accepted_/bool := false
  error_/string? := null
  unread_/Deque ::= Deque
  /** The number of the oldest message in $unread_. */
  first_/int := 1

  constructor .bridge_ client/int .filter:
    super bridge_ client

  accept -> none:
    is-accepted_ = true
    changed_.raise

  wait-until-accepted -> none:
    changed_.wait: is-accepted_ or error_
    if error_: throw error_

  add delivery/Delivery_ -> none:
    if unread_.size >= MAX-UNREAD:
      // The broker does not expect that messages with QoS 0 arrive.
      if delivery.id: end "TOO_SLOW"
      return
    delivery.hold
    unread_.add delivery
    changed_.raise

  /** Drops the messages up to number $received. Waits for the next one, and returns it with its number. */
  next received/int -> List:
    while first_ <= received and not unread_.is-empty:
      first_++
      unread_.remove-first.release
    changed_.wait: error_ or not unread_.is-empty
    if error_: throw error_
    delivery/Delivery_ := unread_.first
    // The answer takes a large byte array away, but others need the payload too.
    return [first_, delivery.topic, delivery.payload.copy]

  /** Ends this subscription if its messages are not taken. */
  check-progress -> none:
    if unread_.is-empty: return
    delivery/Delivery_ := unread_.first
    if Time.monotonic-us - delivery.arrived-us > PATIENCE.in-us: end "TOO_SLOW"

  /** Ends this subscription. The client gets the $error with its next call. */
  end error/string -> none:
    if error_: return
    error_ = error
    bridge_.on-subscription-closed this
    drop-unread_

  drop-unread_ -> none:
    while not unread_.is-empty: unread_.remove-first.release
    changed_.raise

  // Called however the subscriber left.
  on-closed -> none:
    if not error_: bridge_.on-subscription-closed this
    error_ = "CLOSED"
    drop-unread_
