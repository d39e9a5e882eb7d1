// A container that offers the print service gets what others print; without it they print themselves.
// expect: before
// expect: [hello, world]
// expect: after
import system.services show *
import system.api.print show PrintService

class Printer extends ServiceProvider implements ServiceHandler:
  lines/List ::= []
  constructor:
    super "test/print" --major=1 --minor=0
    provides PrintService.SELECTOR --handler=this
  handle index/int arguments/any --gid/int --client/int -> any:
    lines.add arguments
    return null

main:
  print "before"
  printer := Printer
  printer.install
  print "hello"
  print "world"
  printer.uninstall
  print "$printer.lines"
  print "after"
