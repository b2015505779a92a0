// Package signed calls an AWS-compatible endpoint with signed requests, as the AWS CLI does but without starting a
// program for each: for tests and benchmarks that make thousands. It shares no code with the gateway.
package signed
