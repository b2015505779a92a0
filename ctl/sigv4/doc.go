// Package sigv4 verifies AWS Signature Version 4 of requests with an Authorization header, by the
// AWS guide "Create a signed AWS API request", as a service must: every byte that decides what a
// request means is either under the signature or refused.
//
// Presigned requests, unsigned and streamed payloads are refused. There is no protection against
// replay but the clock window, as there is none in the protocol. What an access key that does not
// exist costs, and what it is answered, is the same as for a wrong signature.
package sigv4
