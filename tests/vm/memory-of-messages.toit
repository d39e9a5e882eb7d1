// A request that needs more memory than its receiver has fails. It does not end the receiver.
// options: --memory-limit 8M
// expect: OUT_OF_MEMORY for the asker
// expect: the receiver goes on
// no stress: it fills memory
import ..services.common

main:
  spawn::
    provider := Provider
    provider.install
    keep := ByteArray 6_000_000
    provider.uninstall --wait
    keep[0] = 1
  client := Client
  client.open --timeout=(Duration --s=10)
  print "$(catch: client.echo (List 200_000: "text")) for the asker"
  print (client.echo "the receiver goes on")
  client.close
