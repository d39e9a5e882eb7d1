/**
Services: how containers find each other and talk.

A $ServiceProvider offers the methods of its handlers under a $ServiceSelector. A $ServiceClient
  finds a provider by such a selector and calls it. An object of the provider that belongs to a
  client is a $ServiceResource there and a $ServiceResourceProxy here.
*/

import .client
import .provider
import .resource
import .selector

export *
