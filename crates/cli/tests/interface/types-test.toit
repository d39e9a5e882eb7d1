// expect: [true, -1, 2.5, text, #[0x01, 0x02], [1, [2]], {a: null}, [3]]
// expect: null
// expect: [false, null, null, null, null, null, null, null]
// expect: 4
// expect: 1048576 1048576
// expect: turned square [1, 2] inner 5
// expect: TOO_LARGE true
// expect: there is no such shape true
// expect: null, round
// expect: [a, b] 2
// expect: DEADLINE_EXCEEDED
// expect: null
// expect: 1 2 [book, {n: 1}]
// expect: first null
// expect: second box
// expect: a drawer was shut
// expect: closed: true
import monitor
import system.services show ServiceClient
import .types
import .types-client as generated
import .types-server
import .types-service as service

main:
  provider := TypesProvider
  provider.install
  client := generated.TypesClient
  client.open
  // The client is used through the interface of the definition.
  types/Types := client
  print (types.all true -1 2.5 "text" #[1, 2] [1, [2]] {"a": null} [3])
  print (types.nulls null 1 null null null null null null)
  print (types.nulls false null null null null null null null)
  types.nothing
  print (types.named --left=7 --right=3)
  big := ByteArray 1_048_576: it & 0xff
  copy := big.copy
  print "$(types.size copy) $((types.echo big).size)"
  square := Shape "square" [1, 2] --parts={1: Shape "inner" []} --type=5
  turned := types.turn square
  print "$turned.name $turned.corner-points $turned.parts[1].name $turned.type"
  error := catch: types.turn (Shape "large" [])
  print "$error $(error == service.Types.TOO-LARGE-ERROR)"
  error = catch: types.turn (Shape "none" [])
  print "$error $(error == service.Types.NO-SHAPE-ERROR)"
  print "$(types.perhaps null), $((types.perhaps (Shape "round" [])).name)"
  found := types.by-name [Shape "a" [], null, Shape "b" [], Shape "b" [1]]
  print "$found.keys $found["b"].size"
  print (catch: types.slow)
  print (types.shelf "none")
  shelf := types.shelf "one"
  print "$(shelf.put "book") $(shelf.put {"n": 1}) $shelf.things"
  drawer := shelf.drawer
  heard := monitor.Channel 5
  drawer.put "first" null
  drawer.on-change:: | name shape | heard.send "$name $(shape and shape.name)"
  drawer.put "second" (Shape "box" [])
  2.repeat: print heard.receive
  drawer.shut
  client.close
  provider.uninstall --wait
  print "closed: $(Drawer_.opened == 0)"
