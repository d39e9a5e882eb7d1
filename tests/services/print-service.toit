// A container that offers the print service gets the output of others; without it they print themselves.
// expect: before
// expect: HANDLER_NOT_FOUND
// expect: [hello, world]
// expect: [from another process]
// expect: by itself again
// simulate: yes
import monitor
import system.services show *
import system.api.print show PrintService
import .common show Client Provider

class Printer extends ServiceProvider implements ServiceHandler:
  lines/List ::= []
  changed/monitor.Signal ::= monitor.Signal
  constructor:
    super "test/print" --major=1 --minor=0
    provides PrintService.SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    lines.add arguments
    changed.raise
    return null

main:
  print "before"
  printer := Printer
  printer.install
  print "hello"
  print "world"
  printer.uninstall
  // A process that uninstalls the service that it prints to gets an exception, once.
  print_ (catch: print "lost")
  print printer.lines

  provider := Provider
  provider.install
  printer = Printer
  printer.install
  spawn::
    client := Client
    client.open
    print "from another process"
    client.sleep "until the printer has ended"
    print "by itself again"
  provider.changed.wait: provider.entered == 1
  print_ printer.lines
  printer.uninstall
  provider.gate.up
  provider.uninstall --wait
