// Publishes as many messages at once as the second argument says, each in a task of its own, below
// the topic that is the first argument.
import monitor

import .mqtt show MqttClient

main arguments/List:
  topic := arguments[0]
  count := int.parse arguments[1]
  client := MqttClient
  client.open --timeout=(Duration --s=5)
  finished := monitor.Semaphore
  count.repeat: | number/int |
    task::
      error := catch: client.publish "$topic/$number" #[number]
      print (error ? "$error $number" : "acknowledged $number")
      finished.up
  while client.status.queued < (min count 100): sleep --ms=10
  print "queued $client.status.queued"
  count.repeat: finished.down
  print "the flood is over"
