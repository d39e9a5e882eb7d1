// Prints the messages whose topics match the filter given as argument.
import .mqtt show MqttClient

main arguments/List:
  client := MqttClient
  client.open --timeout=(Duration --s=5)
  subscription := client.subscribe arguments[0]
  print "subscribed to $arguments[0]"
  while true:
    message := subscription.next
    print "$message.topic: $message.payload.to-string-non-throwing"
