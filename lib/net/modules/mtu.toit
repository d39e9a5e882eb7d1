/** The largest number of bytes of TCP that a packet carries without being divided. */
TOIT-MTU-TCP ::= PACKET-SIZE_ - IP-HEADER-SIZE_ - TCP-HEADER-SIZE_

/** Variant of $TOIT-MTU-TCP for the contents of TLS records. */
TOIT-MTU-TCP-TLS ::= TOIT-MTU-TCP - TLS-HEADER-SIZE_

/** The largest number of bytes of UDP that a packet carries without being divided. */
TOIT-MTU-UDP ::= PACKET-SIZE_ - IP-HEADER-SIZE_ - UDP-HEADER-SIZE_

PACKET-SIZE_     ::= 1450
IP-HEADER-SIZE_  ::= 20
UDP-HEADER-SIZE_ ::= 8
TCP-HEADER-SIZE_ ::= 20
TLS-HEADER-SIZE_ ::= 29
