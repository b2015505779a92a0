// Package aws is the AWS-compatible door: one HTTP listener that verifies signatures (ctl/sigv4),
// limits rates, tells the services apart and hands each of them one authenticated Call.
//
// The services (EC2, STS, CloudWatch, RAM) are packages of their own that implement Service. They
// change nothing but through ctl/store, as the control socket does.
package aws
