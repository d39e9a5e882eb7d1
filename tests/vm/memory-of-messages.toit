// What is received counts as well: a process that is sent more than it may hold ends alone.
// options: --memory-limit 4M
// expect: OUT_OF_MEMORY at the receiver
// expect: the sender goes on
import system.services show *
import ..services.common

main:
  provider := Provider
  provider.install
  client := Client
  client.open
  // Many small objects take more room in a heap than in a message.
  big := ""
  exception := null
  list := []
  exception = catch:
    while true:
      list.add {list.size: "text $list.size"}
      if list.size % 2000 == 0: client.echo list
  print "$exception at the receiver"
  list = []
  print (client.echo "the sender goes on")
  client.close
  provider.uninstall
