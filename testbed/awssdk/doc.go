// Package awssdk drives a gateway by the AWS SDK for Go, as programs do that automate AWS. It is a
// module of its own, so that nobody who builds the gateway downloads the SDK:
//
//	make test-sdk
package awssdk
