import system.external

get-env name:
  #primitive.core.get-env

main arguments:
  if arguments.is-empty: return
  what := arguments[0]
  if what == "throw": throw "it was thrown"
  if what == "exit": exit 9
  if what == "memory": print (ByteArray 64 * 1024 * 1024).size
  if what == "wait": while true: sleep --ms=1_000_000
  if what == "outside": print (catch: get-env "HOST")
  if what == "granted":
    print (get-env "HOST")
  if what == "request":
    error := catch: (external.Client.open arguments[1]).request 0 #[]
    if error: exit 8
