// Package keyfile has the access keys of the AWS-compatible door, from a file of their own that only
// root reads:
//
//	[[key]]
//	id = "AKIAIOSFODNN7EXAMPLE"
//	secret = "…"
//	account = "123456789012" # absent: the gateway's own
//	user = "ann"             # absent: the account itself
//	session_token = "…"      # absent: a long-term key
//	expires = 2027-01-01T00:00:00Z
//
// A user may have several keys, so that a new one can be handed out before the old one goes. The
// file is read again when it changes and by Reload; a file that is no good leaves the keys before
// in use. Secrets appear in no error and no log.
package keyfile
