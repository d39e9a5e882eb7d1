/** Does its work when it is told to, and nothing when it is merely installed. */

main arguments/List:
  if arguments != ["now"]: return
  print "at work"
  sleep --ms=10
