/**
Does its work when its program is started with arguments, and nothing when it is merely installed.
*/

main arguments/List:
  if arguments != ["now"]: return
  print "at work"
  sleep --ms=10
