// Package awscli runs Debian's AWS CLI, as it is, against an endpoint of ours, and reads what it
// says.
package awscli
