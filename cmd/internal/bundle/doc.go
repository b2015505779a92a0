// Package bundle gathers in one archive what somebody needs who was not there: the configuration, the
// resources, counters at two moments, the log, and the host. Each piece is gathered by itself, with a time
// limit and a size limit: what fails is said in the index and keeps nothing else from being there, a daemon
// that does not run included. Secrets are taken out of every piece; addresses on request.
package bundle
