// Counts its starts, in flash memory and in RAM.
import system.storage show Bucket

main:
  flash := Bucket.open --flash "starts"
  ram := Bucket.open --ram "starts"
  [flash, ram].do: | bucket | bucket["n"] = (bucket.get "n" --if-absent=: 0) + 1
  print "$flash["n"] in flash, $ram["n"] in RAM"
