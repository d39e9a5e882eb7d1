// Answers each request with a line. `benches/network` runs it with the package `http`.
import http
import log
import net

main:
  network := net.open
  listener := network.tcp-listen 0
  print listener.local-address.port
  server := http.Server --max-tasks=200 --logger=(log.default.with-level log.ERROR-LEVEL)
  server.listen listener:: | request/http.RequestIncoming writer/http.ResponseWriter |
    writer.headers.set "Content-Type" "text/plain"
    writer.out.write "hello\n"
