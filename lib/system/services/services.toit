/**
Services: how containers find and call each other.

A $ServiceProvider offers the methods of its handlers under a $ServiceSelector. A $ServiceClient
  finds a provider by such a selector and calls it. An object that a provider keeps for a client
  is a $ServiceResource in the provider and a $ServiceResourceProxy in the client.
*/

import .client
import .provider
import .resource
import .selector

export *
