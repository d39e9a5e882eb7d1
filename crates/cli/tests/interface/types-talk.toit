// A conversation with the service of all types, whose provider may be written in any language.
import monitor
import .types
import .types-client as generated
import .types-service as service

main:
  talk

talk -> none:
  client := generated.TypesClient
  client.open --timeout=(Duration --s=10)
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
  open := shelf.open-drawers
  drawer.shut
  print "open drawers: $open, then $shelf.open-drawers"
  // The provider ends the shelf, in the call.
  size := shelf.put "THE END"
  print "$size $(catch: shelf.things)"
  client.close
