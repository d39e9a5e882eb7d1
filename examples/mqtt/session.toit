// One connection to the broker, from CONNECT to its end.
import monitor
import net
import net.tcp

import .packets

/** Receives what the broker sends. */
interface Receiver:
  /** Called with each packet. It must not wait: the answers to pings come the same way. */
  on-packet packet/Packet -> none

/** Supplies what the broker gets. */
interface Source:
  /** The next packet, or null if there is none for now. */
  next-packet -> ByteArray?

class Session:
  network_/net.Client
  socket_/tcp.Socket
  keep-alive_/Duration
  changed_/monitor.Signal ::= monitor.Signal
  ping-is-due_/bool := false
  heard-at_/int := Time.monotonic-us

  constructor.internal_ .network_ .socket_ .keep-alive_:
    socket_.no-delay = true

  /**
  Connects, and waits for the broker's answer, for $keep-alive at most.

  If $clean, the broker drops what it has kept for $client-id, and keeps nothing when the
    connection ends. Otherwise it keeps subscriptions and the messages for them.
  */
  static open host/string port/int --client-id/string --clean/bool --keep-alive/Duration -> Session:
    network := net.open
    socket/tcp.Socket? := null
    try:
      with-timeout keep-alive:
        socket = network.tcp-connect host port
        // The broker closes the connection itself after one and a half times this time.
        seconds := max 1 keep-alive.in-s
        socket.out.write
            connect-packet --client-id=client-id --clean=clean --keep-alive-s=seconds
        answer := Packet.read socket.in
        if answer.type != CONNACK or answer.content.size != 2: throw "MQTT: no answer to CONNECT"
        if answer.content[1] != 0: throw "MQTT: the broker refuses, code $answer.content[1]"
      return Session.internal_ network socket keep-alive
    finally: | is-exception _ |
      if is-exception:
        if socket: socket.close
        network.close

  /** Tells the session that $Source.next-packet may return a packet. */
  wake -> none:
    changed_.raise

  /**
  Passes packets in both directions. Returns the reason when the connection has ended.
  */
  run source/Source receiver/Receiver -> any:
    ended := monitor.Latch
    tasks := [
      start_ ended:: receive_ receiver,
      start_ ended:: send_ source,
      start_ ended:: watch_,
    ]
    try:
      return ended.get
    finally:
      critical-do:
        tasks.do: it.cancel
        close

  /** Says farewell: the broker forgets a clean session. */
  disconnect -> none:
    catch: with-timeout keep-alive_: socket_.out.write disconnect-packet
    close

  close -> none:
    socket_.close
    network_.close

  /** Runs $code in a task. The first exception ends the session. */
  start_ ended/monitor.Latch code/Lambda -> Task:
    return task --background::
      error := catch: code.call
      if not ended.has-value: ended.set error

  receive_ receiver/Receiver -> none:
    while true:
      packet := Packet.read socket_.in
      heard-at_ = Time.monotonic-us
      receiver.on-packet packet

  send_ source/Source -> none:
    while true:
      packet/ByteArray? := null
      changed_.wait:
        packet = ping-is-due_ ? ping-packet : source.next-packet
        packet != null
      ping-is-due_ = false
      socket_.out.write packet

  /** Pings the broker, and throws if nothing is heard from it. */
  watch_ -> none:
    while true:
      sleep keep-alive_ / 2
      if Time.monotonic-us - heard-at_ > keep-alive_.in-us * 3 / 2: throw "MQTT: the broker is silent"
      ping-is-due_ = true
      wake
