// The interface of the bridge and the client, for containers that publish and subscribe.
import system.services show *

// Identifies the service forever. Any UUID works, if no other service uses it.
SELECTOR ::= ServiceSelector
    --uuid="b6f5a3de-8a0c-4d0e-9d54-6f2f0c1c7a15"
    --major=1
    --minor=0

PUBLISH-INDEX   ::= 0
SUBSCRIBE-INDEX ::= 1
NEXT-INDEX      ::= 2
STATUS-INDEX    ::= 3

class MqttClient extends ServiceClient:
  constructor: super SELECTOR

  /**
  Publishes a message.

  With $qos 1, returns when the broker has acknowledged the message, however often the connection
    breaks in the meantime. If it throws, or the bridge ends, the message may or may not arrive.
  With $qos 0, returns when the message is in the queue. It is lost if the connection breaks.

  Throws "QUEUE_FULL" if too many messages wait already, and "NOT_CONNECTED" if $qos is 0 and there
    is no connection to the broker.
  */
  publish topic/string payload/ByteArray --qos/int=1 --retain/bool=false -> none:
    // A call takes a large byte array away from its caller.
    invoke_ PUBLISH-INDEX [topic, payload.copy, qos, retain]

  /**
  Subscribes to all topics that match $filter. Waits until the broker has accepted the subscription.

  The bridge restores the subscription when the connection breaks.
  */
  subscribe filter/string -> Subscription:
    return Subscription this (invoke_ SUBSCRIBE-INDEX filter)

  /** The state of the bridge. */
  status -> Status:
    return Status (invoke_ STATUS-INDEX null)

/** The state of the bridge. */
class Status:
  is-connected/bool
  /** The number of messages that the broker has not acknowledged. */
  queued/int
  /** The number of connections that the broker has accepted so far. */
  connections/int

  constructor values/List:
    is-connected = values[0]
    queued = values[1]
    connections = values[2]

/** A message from the broker. */
class Message:
  topic/string
  payload/ByteArray

  constructor .topic .payload:

/** The messages whose topics match a filter, until it is closed. */
class Subscription extends ServiceResourceProxy:
  received_/int := 0

  constructor client/ServiceClient handle/int: super client handle

  /**
  Waits for the next message, and returns it.

  The broker's message is acknowledged by the call that asks for the one after it. So a message can
    arrive twice, but none is lost while the subscription is open. A call that is canceled loses no
    message. Only one task at a time must call it.

  Throws "TOO_SLOW" if the bridge has ended the subscription because its messages were not taken.
  */
  next -> Message:
    answer := (client_ as MqttClient).invoke_ NEXT-INDEX [handle_, received_]
    received_ = answer[0]
    return Message answer[1] answer[2]
