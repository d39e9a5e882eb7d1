// Publishes numbered messages: the arguments are the topic, the first number and the last one. It
// prints the number of each message that the broker has acknowledged.
import .mqtt show MqttClient

main arguments/List:
  topic := arguments[0]
  client := MqttClient
  client.open --timeout=(Duration --s=5)
  for number := int.parse arguments[1]; number <= (int.parse arguments[2]); number++:
    client.publish "$topic/$number" "$number".to-byte-array
    print "acknowledged $number"
