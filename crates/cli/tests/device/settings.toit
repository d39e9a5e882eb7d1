// Prints its settings.
import encoding.tison
import system.assets

main arguments/List:
  print "arguments: $arguments"
  found := assets.decode
  found.keys.sort.do: print "$it: $(it == "jag.defines" ? tison.decode found[it] : found[it].to-string)"
