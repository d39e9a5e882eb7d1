// A container that handles the traces of others.
// expect: got: not enough
// expect: done
// expect error: given back
// expect error: without a service

import expect show *
import system.api.trace show TraceService
import system.services
import system.trace show send-trace-message

class Traces extends services.ServiceProvider implements TraceService services.ServiceHandler:
  texts := []

  constructor:
    super "traces" --major=1 --minor=0
    provides TraceService.SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == TraceService.HANDLE-TRACE-INDEX: return handle-trace arguments
    unreachable

  handle-trace message/ByteArray -> ByteArray?:
    text := message.to-string
    texts.add text
    if text.contains "given back": return message
    return null

main:
  traces := Traces
  traces.install
  catch --trace: throw "not enough"
  expect-equals 1 traces.texts.size
  expect (traces.texts.first.contains "trace-service.toit")
  expect (traces.texts.first.contains "not enough")
  print "got: not enough"
  catch: throw "untold"
  expect-equals 1 traces.texts.size
  send-trace-message "given back".to-byte-array
  expect-equals 2 traces.texts.size
  traces.uninstall
  catch --trace: throw "without a service"
  expect-equals 2 traces.texts.size
  print "done"
