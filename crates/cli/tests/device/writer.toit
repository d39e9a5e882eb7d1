// Installs the image among its assets, uses it, and uninstalls it.
import system.assets
import system.containers

main:
  image/ByteArray := assets.decode["image"]
  short := containers.ContainerImageWriter image.size
  short.write image[..20]
  print "too short: $(catch: short.commit)"

  writer := containers.ContainerImageWriter image.size
  List.chunk-up 0 image.size 1000: | from to | writer.write image[from..to]
  id := writer.commit
  names := (containers.images.filter: it.id == id).map: it.name
  print "installed: $names"
  print "ended with $((containers.start id).wait)"
  containers.uninstall id
  print "uninstalled: $(not containers.images.any: it.id == id)"
  print "again: $(catch: containers.uninstall id)"
