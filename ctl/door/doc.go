// Package door is what the doors on TCP share: a server with limits, a certificate that is read again when its files
// change, a bound on connections, and rates by client.
package door
