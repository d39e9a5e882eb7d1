// Logs in all possible ways.
import log
import system.api.log show LogServiceClient
import system.api.print show PrintServiceClient

main:
  print "printed"
  log.info "ready" --tags={"port": 80}
  (log.default.with-name "net").warn "lost"
  client := (LogServiceClient).open as LogServiceClient
  client.log log.ERROR-LEVEL "by the service" ["main"] ["key"] ["value"]
  (PrintServiceClient).open as PrintServiceClient
