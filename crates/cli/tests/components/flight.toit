import io
import monitor
import system.external

// Each process may have 1,024 unanswered requests.
main:
  10.repeat: | part |
    spawn::
      client := external.Client.open "test/flight"
      done := monitor.Semaphore
      right := 0
      1000.repeat: | index |
        task::
          number := part * 1000 + index
          bytes := ByteArray 4
          io.LITTLE-ENDIAN.put-int32 bytes 0 number
          answer := client.request 0 bytes
          if (io.LITTLE-ENDIAN.int32 answer 0) == number: right++
          done.up
      1000.repeat: done.down
      print "right: $right"
