// Package sts answers the one action of AWS STS that tools ask of any endpoint: GetCallerIdentity,
// who am I. It needs no permission, as at AWS.
package sts
