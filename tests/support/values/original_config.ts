/**
 * A `fail2ban-cluster.conf` with the sections, keys, quotes and comments of
 * fail2ban-zmq-tools, and placeholders for its tokens.
 */
export const ORIGINAL_CONFIG = `\
# One file for the three programs.
#

#
# fail2ban-monitor reads the log and tells the publisher.
#

[monitor]
pidfile = /var/run/fail2ban-monitor.pid
zmqreplyserver = tcp://publisher.example:5678 ; the publisher's replybindurl
fail2banlogpath = /var/log/fail2ban.log

# Whether the publisher asks for a token
auth = True

# The publisher's administrator has it
authtoken = ASK_buanzo@buanzo.com.ar_FOR_A_TOKEN


#
# fail2ban-subscriber hears what the publisher tells.
#

[subscriber]
pidfile = /var/run/fail2ban-subscriber.pid
zmqpublisherurl = tcp://publisher.example:5680
zmqprefixfilter = "" #nothing is left out. not used yet.

# log: writes a line for each message, and fail2ban reads those:
#      needs the jail and the filter.d file that come "along".
#
# others: <none> so far | later
subscriberaction = log

#
# fail2ban-publisher is told by monitors, and tells subscribers
#

[publisher]
pidfile = /var/run/fail2ban-publisher.pid
broadcasterbindurl = tcp://*:5680   # subscribers connect to this
replybindurl = tcp://*:5678      # monitors send to this (same host, other port)

# Are monitors asked for a token? (see [monitor], too)
auth = True
authtoken = IF_YOU_RUN_YOUR_OWN_PUBLISHER_JUST_TYPE_A_SECRET_STRING_HERE_AND_GIVE_IT_TO_YOUR_MONITORS

#Later: several tokens


`;
