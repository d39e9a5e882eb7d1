import system.external

main arguments:
  arguments.do: | id/string |
    client := external.Client.open id
    print "$id: $((client.request 0 "hello from $id").to-string)"
    client.close
  exit 7
