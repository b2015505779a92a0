// Package client speaks to the daemon over its control socket: one method for each thing the API
// can do, the wire types of ctl/api as arguments and answers. A Client may be used by any number
// of goroutines.
//
// An error is a *api.Error when the daemon refused the request, an *Unreachable when there is no
// daemon to ask, and else one sentence. Reads and creates are sent again when the connection is
// lost; a create carries a client token, so that it happens once.
package client
