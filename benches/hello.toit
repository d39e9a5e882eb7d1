main: print "hello"
