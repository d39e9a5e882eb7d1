import system.containers show ContainerImage
import system.services show ServiceClient ServiceSelector
import uuid

/** The service that lists the installed containers and starts them. */
interface ContainerService:
  static SELECTOR ::= ServiceSelector
      --uuid="358ee529-45a4-409e-8fab-7a28f71e5c51"
      --major=0
      --minor=7

  /** The container starts with the device. */
  static FLAG-RUN-BOOT /int ::= 1 << 0
  /** The container is started again when it has ended. */
  static FLAG-RUN-CRITICAL /int ::= 1 << 1

  /** The installed images. Each takes four places: its id, its name or null, its flags, and its data. */
  list-images -> List
  static LIST-IMAGES-INDEX /int ::= 0

  /**
  Prepares to start the image $id. Returns a handle and a gid, or null if there is no such image.
  */
  load-image id/uuid.Uuid -> List?
  static LOAD-IMAGE-INDEX /int ::= 1

  /** Uninstalls the image $id. */
  uninstall-image id/uuid.Uuid -> none
  static UNINSTALL-IMAGE-INDEX /int ::= 2

  /** Begins an image of $size bytes. Returns a handle. */
  image-writer-open size/int -> int
  static IMAGE-WRITER-OPEN-INDEX /int ::= 3

  /** Adds $bytes to an image. */
  image-writer-write handle/int bytes/ByteArray -> none
  static IMAGE-WRITER-WRITE-INDEX /int ::= 4

  /** Installs an image that is complete. Returns its id. */
  image-writer-commit handle/int flags/int data/int -> uuid.Uuid
  static IMAGE-WRITER-COMMIT-INDEX /int ::= 5

  /** Tells the container of $handle to end. */
  stop-container handle/int -> none
  static STOP-CONTAINER-INDEX /int ::= 6

  /** Starts a prepared container. Its exit code is sent as a notification when it has ended. */
  start-container handle/int arguments/any -> none
  static START-CONTAINER-INDEX /int ::= 7

  /** Reports whether the calling container runs in the background from now on. */
  notify-background-state-changed new-state/bool -> none
  static NOTIFY-BACKGROUND-STATE-CHANGED-INDEX /int ::= 8

class ContainerServiceClient extends ServiceClient implements ContainerService:
  static SELECTOR ::= ContainerService.SELECTOR

  constructor selector/ServiceSelector=SELECTOR:
    assert: selector.matches SELECTOR
    super selector

  /** The installed images: a list of $ContainerImage. */
  list-images -> List:
    items := invoke_ ContainerService.LIST-IMAGES-INDEX null
    return List items.size / 4:
      at := 4 * it
      ContainerImage
          --id=uuid.Uuid items[at]
          --name=items[at + 1]
          --flags=items[at + 2]
          --data=items[at + 3]

  /** See $ContainerService.load-image. */
  load-image id/uuid.Uuid -> List?:
    return invoke_ ContainerService.LOAD-IMAGE-INDEX id.to-byte-array

  /** See $ContainerService.uninstall-image. */
  uninstall-image id/uuid.Uuid -> none:
    invoke_ ContainerService.UNINSTALL-IMAGE-INDEX id.to-byte-array

  /** See $ContainerService.image-writer-open. */
  image-writer-open size/int -> int:
    return invoke_ ContainerService.IMAGE-WRITER-OPEN-INDEX size

  /** See $ContainerService.image-writer-write. */
  image-writer-write handle/int bytes/ByteArray -> none:
    invoke_ ContainerService.IMAGE-WRITER-WRITE-INDEX [handle, bytes]

  /** See $ContainerService.image-writer-commit. */
  image-writer-commit handle/int flags/int data/int -> uuid.Uuid:
    return uuid.Uuid (invoke_ ContainerService.IMAGE-WRITER-COMMIT-INDEX [handle, flags, data])

  /** See $ContainerService.stop-container. */
  stop-container handle/int -> none:
    invoke_ ContainerService.STOP-CONTAINER-INDEX handle

  /** See $ContainerService.start-container. */
  start-container handle/int arguments/any -> none:
    invoke_ ContainerService.START-CONTAINER-INDEX [handle, arguments]

  /** See $ContainerService.notify-background-state-changed. */
  notify-background-state-changed new-state/bool -> none:
    invoke_ ContainerService.NOTIFY-BACKGROUND-STATE-CHANGED-INDEX new-state
