/** The images that are installed, and containers that are started from them. */

import monitor
import system.api.containers show ContainerService ContainerServiceClient
import system.services show ServiceResourceProxy
import uuid

service_/ContainerServiceClient ::= (ContainerServiceClient).open as ContainerServiceClient

/** The installed images: a list of $ContainerImage. */
images -> List:
  return service_.list-images

/** The id of the image that this program runs from. */
current -> uuid.Uuid:
  return uuid.Uuid current-image-id_

/**
Starts another container of the image $id.

Its `main` gets $arguments, which can be any object that can be sent. The container continues when
  the returned object is closed, or when this program ends.

Calls $on-event with a kind (see $Container.EVENT-BACKGROUND-STATE-CHANGE) and a value when the
  container reports an event, and $on-stopped with the exit code when the container has ended.
*/
start id/uuid.Uuid arguments/any=[] -> Container
    --on-event/Lambda?=null
    --on-stopped/Lambda?=null:
  loaded := service_.load-image id
  if not loaded: throw "No such container: $id"
  container := Container.internal_ loaded[0]
      --id=id
      --gid=loaded[1]
      --on-event=on-event
      --on-stopped=on-stopped
  is-started := false
  try:
    service_.start-container loaded[0] arguments
    is-started = true
  finally:
    if not is-started: container.close
  return container

/** Uninstalls the containers with the image $id. Running ones end first. */
uninstall id/uuid.Uuid -> none:
  service_.uninstall-image id

/** Tells the starter of this container whether it runs in the background from now on. */
notify-background-state-changed new-state/bool -> none:
  service_.notify-background-state-changed new-state

/** An image that is installed. */
class ContainerImage:
  /** The id. */
  id/uuid.Uuid
  /** The name of the container that is installed from this image. */
  name/string?
  /** When it runs: see $ContainerService.FLAG-RUN-BOOT and $ContainerService.FLAG-RUN-CRITICAL. */
  flags/int
  /** Always 0. */
  data/int

  constructor --.id --.name --.flags --.data:

/** A container that was started. */
class Container extends ServiceResourceProxy:
  /** The kind of events whose value says whether the container runs in the background. */
  static EVENT-BACKGROUND-STATE-CHANGE ::= 0

  /** The id of the image of this container. */
  id/uuid.Uuid
  /** The group of its processes, by which providers identify the caller. */
  gid/int

  code_/monitor.Latch ::= monitor.Latch
  on-event_/Lambda? := ?
  on-stopped_/Lambda? := ?

  constructor.internal_ handle/int --.id --.gid --on-event/Lambda? --on-stopped/Lambda?:
    on-event_ = on-event
    on-stopped_ = on-stopped
    super service_ handle

  /** Stops observing the container, which continues. */
  close -> none:
    if not code_.has-value: code_.set null
    super

  /** Tells the container to end, and waits until it has ended. Returns its exit code. */
  stop -> int:
    service_.stop-container handle_
    return wait

  /** Waits until the container has ended. Returns its exit code; throws "CLOSED" if this object is closed first. */
  wait -> int:
    code := code_.get
    if code == null: throw "CLOSED"
    return code

  /** Deprecated. Give `--on-stopped` to $start. */
  on-stopped lambda/Lambda? -> none:
    if lambda and on-stopped_: throw "ALREADY_IN_USE"
    if lambda and code_.has-value:
      lambda.call wait
    else:
      on-stopped_ = lambda

  /** Deprecated. Give `--on-event` to $start. */
  on-event lambda/Lambda? -> none:
    if lambda and on-event_: throw "ALREADY_IN_USE"
    on-event_ = lambda

  on-notified_ notification/any -> none:
    if notification is int:
      code_.set notification
      lambda := on-stopped_
      on-stopped_ = null
      if lambda: lambda.call notification
      // No notification follows the exit code.
      close
    else if on-event_ and notification is List and notification.size == 2:
      on-event_.call notification[0] notification[1]

/** Installs an image of the given size. */
class ContainerImageWriter extends ServiceResourceProxy:
  /** The size of the image, in bytes. */
  size/int

  constructor .size:
    super service_ (service_.image-writer-open size)

  /** Writes the next part. */
  write bytes/ByteArray -> none:
    service_.image-writer-write handle_ bytes

  /**
  Installs the image under the name that is stored in it. Returns its id.

  With $run-boot, its container starts now and whenever the device does. With $run-critical,
    it is started again when it has ended.
  */
  commit --data/int=0 --run-boot/bool=false --run-critical/bool=false -> uuid.Uuid:
    boot := run-boot ? ContainerService.FLAG-RUN-BOOT : 0
    critical := run-critical ? ContainerService.FLAG-RUN-CRITICAL : 0
    return service_.image-writer-commit handle_ (boot | critical) data

current-image-id_ -> ByteArray:
  #primitive.system.image-id
