// The provider that is written by hand: it carries no definition.
import .hand

main:
  (HandProvider).install
