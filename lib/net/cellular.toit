/** Networks over cellular radio that a container provides. */

import net
import system.api.cellular show CellularServiceClient

import .awaited_

// The keys of configurations.
CONFIG-LOG-LEVEL /string ::= "cellular.log.level"

CONFIG-APN   /string ::= "cellular.apn"
CONFIG-BANDS /string ::= "cellular.bands"
CONFIG-RATS  /string ::= "cellular.rats"

CONFIG-UART-BAUD-RATE /string ::= "cellular.uart.baud"
CONFIG-UART-PRIORITY  /string ::= "cellular.uart.priority"
CONFIG-UART-RX        /string ::= "cellular.uart.rx"
CONFIG-UART-TX        /string ::= "cellular.uart.tx"
CONFIG-UART-CTS       /string ::= "cellular.uart.cts"
CONFIG-UART-RTS       /string ::= "cellular.uart.rts"

CONFIG-POWER /string ::= "cellular.power"
CONFIG-RESET /string ::= "cellular.reset"

// Values of configurations: how a pin is driven, and the priority of a port.
CONFIG-ACTIVE-LOW  /int ::= 0
CONFIG-ACTIVE-HIGH /int ::= 1
CONFIG-OPEN-DRAIN  /int ::= 2

CONFIG-PRIORITY-LOW  /int ::= 0
CONFIG-PRIORITY-HIGH /int ::= 1

awaited_/AwaitedClient_ ::= AwaitedClient_

/**
Connects to the cellular network. A null configuration stands for that of the provider.

Throws "cellular unavailable" if there is no provider. The first call waits 5 seconds for one.
*/
open config/Map? --name/string?=null -> net.Client:
  client := (awaited_.get CellularServiceClient --absent="cellular unavailable") as CellularServiceClient
  return net.Client client --name=name (client.connect config)

/** Forgets the provider. The next call of $open looks for one again. */
reset -> none:
  awaited_.reset
