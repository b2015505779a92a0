// Package past makes plots of what the gateway counted minute by minute (ctl/history): the last hour to the
// last week. What it has made it keeps until the next minute is there, so that a wall of viewers reads the
// disk once a minute.
package past
