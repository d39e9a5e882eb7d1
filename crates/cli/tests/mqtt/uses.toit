// Uses the bridge in each way, with a broker that is there.
import expect show *

import .mqtt show MqttClient Subscription
import .topics

main:
  test-filters
  client := MqttClient
  client.open --timeout=(Duration --s=5)
  while not client.status.is-connected: sleep --ms=10
  test-wrong-arguments client
  test-messages client
  test-canceled client
  test-retained client
  test-end client
  print "all uses work"

test-filters:
  [["a/b", "a/b"], ["a/+", "a/b"], ["#", "a/b"], ["a/#", "a"], ["+/b", "/b"], ["+/+", "/"], ["\$SYS/#", "\$SYS/x"]].do:
    expect (matches it[0] it[1]) --message="$it"
  [["a/b", "a"], ["a", "a/b"], ["a/+", "a"], ["+", "/a"], ["a/+", "a/b/c"], ["#", "\$SYS/x"], ["+/x", "\$SYS/x"]].do:
    expect-not (matches it[0] it[1]) --message="$it"

test-wrong-arguments client/MqttClient:
  ["", "a/+", "#", "a\0"].do: | topic/string |
    expect-throw "INVALID_TOPIC": client.publish topic #[]
  ["", "a/#/b", "a+", "a#", "a\0"].do: | filter/string |
    expect-throw "INVALID_FILTER": client.subscribe filter
  expect-throw "INVALID_QOS": client.publish "a" #[] --qos=2
  expect-throw "MESSAGE_TOO_LARGE": client.publish "a" (ByteArray 64 * 1024 + 1)

test-messages client/MqttClient:
  one := client.subscribe "uses/+"
  other := client.subscribe "uses/+"
  large := ByteArray 64 * 1024: it
  client.publish "uses/small" #[1] --qos=0
  client.publish "uses/large" large
  expect-next one "uses/small" #[1]
  expect-next one "uses/large" large
  expect-next other "uses/small" #[1]
  expect-next other "uses/large" large
  one.close
  client.publish "uses/large" #[]
  expect-next other "uses/large" #[]
  other.close

/** A call that is canceled while it waits loses no message. */
test-canceled client/MqttClient:
  subscription := client.subscribe "canceled"
  expect-throw DEADLINE-EXCEEDED-ERROR: with-timeout --ms=20: subscription.next
  client.publish "canceled" #[7]
  expect-next subscription "canceled" #[7]
  subscription.close

test-retained client/MqttClient:
  client.publish "retained" #[1, 2] --retain
  subscription := client.subscribe "retained"
  expect-next subscription "retained" #[1, 2]
  client.publish "retained" #[] --retain
  expect-next subscription "retained" #[]
  subscription.close

/**
A subscriber that takes nothing loses its subscription when too much waits for it. Another one with
  the same filter is not affected.

The broker of this test does not limit the messages that it sends without an acknowledgment.
*/
test-end client/MqttClient:
  idle := client.subscribe "end"
  100.repeat: client.publish "end" #[it]
  100.repeat: expect-next idle "end" #[it]
  other := client.subscribe "end"
  101.repeat:
    client.publish "end" #[it]
    expect-next other "end" #[it]
  expect-throw "TOO_SLOW": idle.next
  idle.close
  client.publish "end" #[101]
  expect-next other "end" #[101]
  other.close

expect-next subscription/Subscription topic/string payload/ByteArray:
  message := subscription.next
  expect-equals topic message.topic
  expect-bytes-equal payload message.payload
