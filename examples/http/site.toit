// A site that shows what a thermometer in another container measures. The argument is the port.
import encoding.json
import net

import .http show Request Response Server
import .thermometer show Reading ThermometerClient

main arguments/List:
  socket := net.open.tcp-listen (int.parse arguments[0])
  print "listening at port $socket.local-address.port"
  site := Site
  (Server socket).run:: | request/Request | site.answer request

class Site:
  thermometer_/ThermometerClient? := null

  answer request/Request -> Response:
    if request.path != "/" and request.path != "/value": return Response.error 404
    if request.method != "GET" and request.method != "HEAD":
      return Response.error 405 --headers={"Allow": "GET, HEAD"}
    reading/Reading? := null
    error := catch: reading = read_
    if error:
      print "cannot read the thermometer: $error"
      return Response.error 503 --headers={"Retry-After": "1"}
    if request.path == "/value":
      value := {"number": reading.number, "degrees": reading.degrees}
      return Response --type="application/json" (json.encode value)
    return Response --type="text/html; charset=utf-8" (page_ reading).to-byte-array

  /** Reads the thermometer. If its container has ended, looks for another one. */
  read_ -> Reading:
    if thermometer_:
      catch: return thermometer_.read
      thermometer_.close
      thermometer_ = null
    thermometer := ThermometerClient
    thermometer.open --timeout=(Duration --s=1)
    thermometer_ = thermometer
    return thermometer.read

page_ reading/Reading -> string:
  return """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="refresh" content="2">
    <title>Temperature</title>
    </head>
    <body>
    <h1>$(%.1f reading.degrees) °C</h1>
    <p>Reading number $reading.number</p>
    </body>
    </html>
    """
