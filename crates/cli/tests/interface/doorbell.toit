/** @service 5f0c4c8e-90f1-4f0f-9b4c-0d6b7c0b8f2e 1.0 */
interface Doorbell:
  watch name/string -> Button
  key -> Key

/** @resource */
interface Button:
  /** @notification times/int */
  on-ring callback/Lambda -> none
  /** @close */
  close -> none

/** @resource */
interface Key:
  turn times/int -> int
  /** @close */
  hang-up -> none
