main:
  print (nothing 1)
