/**
Services: how containers find each other and talk.

A $ServiceProvider offers what its handlers do under a $ServiceSelector. A
  $ServiceClient finds a provider by such a selector and calls it. What lives at the
  provider on behalf of a client is a $ServiceResource there and a
  $ServiceResourceProxy here.
*/

import .client
import .provider
import .resource
import .selector

export *
