// Runs the same client over the network of the operating system and over the slow one.
import net
import system.api.network show NetworkService NetworkServiceClient
import .client
import .slow show SlowNetwork

main:
  spawn::
    slow := SlowNetwork
    slow.install
    // Ends when the client has closed.
    slow.uninstall --wait
  machine := net.open
  pages := machine.tcp-listen 0
  task --background:: while true: serve pages.accept
  echoes := machine.udp-open
  task --background:: while true: echoes.send echoes.receive

  selector := NetworkService.SELECTOR.restrict.allow --tag="slow"
  service := NetworkServiceClient selector
  service.open --timeout=(Duration --s=10)
  [machine, net.open --service=service].do: | network/net.Client |
    text := fetch network pages.local-address.port "/greeting"
    count := count-echoes network echoes.local-address.port 8
    print "client: '$text', $count of 8 datagrams came back"
    network.close
  service.close

/** Answers a request for a page, as a server for HTTP would. */
serve socket -> none:
  path := (socket.in.read-line.split " ")[1]
  while socket.in.read-line != "": null
  socket.out.write "HTTP/1.0 200 OK\r\n\r\nHello from $path!"
  socket.close
