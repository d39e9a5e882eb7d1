// The proxy of a resource that notifies is told, after the last notification, why nothing follows.
// expect: the provider closes: 1 2 RESOURCE_CLOSED
// expect: with the last one: 1 2 3 RESOURCE_CLOSED
// expect: by a task that this cancels: RESOURCE_CLOSED
// expect: before the proxy is there: RESOURCE_CLOSED
// expect: many wait: 2000 RESOURCE_CLOSED
// expect: the proxy is closed by another task: RESOURCE_CLOSED
// expect: the client is closed by another task: RESOURCE_CLOSED
// expect: the provider is uninstalled: 1 RESOURCE_CLOSED
// expect: the provider ends: 1 NO_SUCH_PROCESS
// expect: those of others go on: 7
// simulate: yes
import monitor
import system.services show *

SELECTOR ::= ServiceSelector --uuid="2b6a1f0e-7a3c-4c5e-9d0a-6f4d5f1c9a11" --major=1 --minor=0

OPEN ::= 0
SEND ::= 1
CLOSE ::= 2
SEND-LAST ::= 3
OPEN-CLOSED ::= 4
UNINSTALL ::= 5
END ::= 6
OPEN-SENDING ::= 7

class Post extends ServiceResource:
  constructor provider/ServiceProvider client/int: super provider client --notifiable
  on-closed -> none:

/** Its task closes it with a notification, and is canceled by that. */
class Sending extends ServiceResource:
  task_/Task? := null
  constructor provider/ServiceProvider client/int:
    super provider client --notifiable
    task_ = task --background:: notify_ "last" --close
  on-closed -> none: task_.cancel

class Office extends ServiceProvider implements ServiceHandler:
  constructor:
    super "test/post" --major=1 --minor=0
    provides SELECTOR --handler=this

  handle index/int arguments/any --gid/int --client/int -> any:
    if index == OPEN: return Post this client
    if index == OPEN-SENDING: return Sending this client
    if index == OPEN-CLOSED:
      post := Post this client
      handle := post.serialize-for-rpc
      post.close
      return handle
    if index == UNINSTALL:
      task:: uninstall
      return null
    if index == END: exit 0
    post := (resource client arguments[0]) as Post
    if index == SEND: arguments[1].repeat: post.notify_ it + 1
    else if index == SEND-LAST: post.notify_ arguments[1] --close
    else: post.close
    return null

class PostProxy extends ServiceResourceProxy:
  queue/NotificationQueue ::= NotificationQueue 5
  constructor client/ServiceClient handle/int: super client handle
  on-notified_ notification/any -> none: queue.add notification
  on-ended_ reason/string -> none: queue.end reason

  /** All notifications and the end, in one line. */
  all -> string:
    result := []
    reason := catch: while true: result.add queue.next
    if result.size > 100: result = [result.size]
    result.add reason
    return result.join " "

open -> ServiceClient:
  client := ServiceClient SELECTOR
  client.open --timeout=(Duration --s=10)
  return client

post client/ServiceClient -> PostProxy:
  return PostProxy client (client.invoke_ OPEN null)

main:
  spawn:: (Office).install
  client := open
  other := post client

  proxy := post client
  client.invoke_ SEND [proxy.handle_, 2]
  client.invoke_ CLOSE [proxy.handle_]
  print "the provider closes: $proxy.all"

  proxy = post client
  client.invoke_ SEND [proxy.handle_, 2]
  client.invoke_ SEND-LAST [proxy.handle_, 3]
  print "with the last one: $proxy.all"

  proxy = PostProxy client (client.invoke_ OPEN-SENDING null)
  print "by a task that this cancels: $proxy.all"

  proxy = PostProxy client (client.invoke_ OPEN-CLOSED null)
  print "before the proxy is there: $proxy.all"

  proxy = post client
  // The provider closes while the client takes the notifications.
  task::
    client.invoke_ SEND [proxy.handle_, 2_000]
    client.invoke_ CLOSE [proxy.handle_]
  print "many wait: $proxy.all"

  proxy = post client
  task:: proxy.close
  print "the proxy is closed by another task: $proxy.all"

  client-2 := open
  proxy = post client-2
  task:: client-2.close
  print "the client is closed by another task: $proxy.all"

  // Ends the services, not the process.
  client-3 := open
  proxy = post client-3
  client-3.invoke_ SEND [proxy.handle_, 1]
  client-3.invoke_ UNINSTALL null
  print "the provider is uninstalled: $proxy.all"

  spawn:: (Office).install
  client-4 := open
  proxy = post client-4
  client-4.invoke_ SEND [proxy.handle_, 1]
  catch: client-4.invoke_ END null
  print "the provider ends: $proxy.all"

  spawn:: (Office).install
  client-5 := open
  proxy = post client-5
  other = post client-5
  client-5.invoke_ CLOSE [other.handle_]
  client-5.invoke_ SEND [proxy.handle_, 7]
  6.repeat: proxy.queue.next
  print "those of others go on: $proxy.queue.next"
  catch: client-5.invoke_ END null
